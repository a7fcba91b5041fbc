import { openLogStore } from '../../../store/file-log-store';
import type { LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { numberedLines } from './log-file';

const scratch = scratchFolder();

/** Appends lines to the log of an attempt, and seals it where it shall be. */
async function write(logs: LogStore, attempt: number, [first, last]: [number, number], gaps?: number): Promise<void> {
  const writer = await logs.openWriter('run-1', attempt);
  for (const line of numberedLines(first, last)) await writer.append([line]);
  if (gaps !== undefined) await writer.seal({ gaps, badBytes: 0 });
  await writer.close();
}

describe.each([
  ['one file', 1e9],
  ['a file for each few lines', 100],
])('the seal of an attempt in a log of %s', (_, segmentBytes) => {
  const openLogs = (): LogStore => openLogStore(scratch.path, { segmentBytes });
  const sealOf = (logs: LogStore, attempt: number) => logs.sealOf('run-1', attempt);

  it('is there also where it came after the end of a newer attempt', async () => {
    const logs = openLogs();
    await write(logs, 1, [1, 5]);
    await write(logs, 2, [101, 120], 0);
    expect(await sealOf(logs, 1)).toBeNull();

    await write(logs, 1, [6, 9], 2);
    await write(logs, 3, [201, 240]);

    expect(await sealOf(logs, 1)).toEqual({ lines: 9, gaps: 2, badBytes: 0 });
    expect(await sealOf(logs, 2)).toEqual({ lines: 20, gaps: 0, badBytes: 0 });
    expect(await sealOf(logs, 3)).toBeNull();
  });

  it('is none where nothing was ever written, or all of it was removed', async () => {
    const logs = openLogs();
    expect(await sealOf(logs, 1)).toBeNull();
    await write(logs, 1, [1, 5], 0);
    await logs.remove('run-1', 'it is old');
    expect(await sealOf(logs, 1)).toBeNull();
  });
});
