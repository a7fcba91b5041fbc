import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLogPlaces, readLogFile } from '../../process/log-reader';
import { openLogWriter } from '../../process/log-writer';
import { createPieceCutter } from '../../process/pieces';
import { text } from '../helpers/processes';
import { until } from '../helpers/until';

/** A disk of 1 MiB. */
const disk = mkdtempSync(join(tmpdir(), 'trainyard-disk-'));
beforeAll(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]));
afterAll(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

test('a full disk makes the log wait for room, and neither loses nor doubles a line', async () => {
  const stone = join(disk, 'stone');
  writeFileSync(stone, Buffer.alloc(900 * 1024));
  const path = join(disk, 'log');
  const writer = await openLogWriter(path);
  const cutter = createPieceCutter('stdout');
  const lines = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(2000)}`);
  let done = 0;
  const writing = (async () => {
    for (const line of lines) {
      await writer.append(cutter.push(Buffer.from(`${line}\n`)));
      done += 1;
    }
  })();

  try {
    await until(() => statfsSync(disk).bavail === 0);
    expect(done).toBeLessThan(lines.length);
  } finally {
    rmSync(stone);
  }
  await writing;
  await writer.close();

  const stored: string[] = [];
  const reading = { id: 'one', path, since: undefined, places: createLogPlaces() };
  for await (const records of readLogFile(reading, async () => false)) stored.push(...records.map(text));
  expect(stored).toEqual(lines);
});
