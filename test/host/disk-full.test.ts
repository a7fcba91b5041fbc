import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { LogNotice } from '../../host/log-notices';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore } from '../../store/log-store';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

let host: TestHost;
let disk: string;
let logs: LogStore;

/** A small disk for the logs. */
beforeEach(async () => {
  host = await testHost();
  disk = join(host.data, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  logs = openLogStore(disk, { segmentBytes: 1e9 });
});

afterEach(async () => {
  await host.dispose().catch(() => undefined);
  execFileSync('umount', ['--lazy', disk]);
  rmSync(host.data, { recursive: true, force: true });
});

const target = (containerId: string) => ({ runId: 'run', attempt: 1, containerId });
const fill = (bytes: number): void => writeFileSync(join(disk, 'other'), Buffer.alloc(bytes));
const makeRoom = (): void => rmSync(join(disk, 'other'));

async function numbers(): Promise<number[]> {
  const found: number[] = [];
  for await (const lines of logs.read('run', {})) found.push(...lines.map(({ text }) => Number.parseInt(text, 10)));
  return found;
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a pump whose disk is full', () => {
  it('says so, lets a container go on that prints little, and loses nothing when there is room again', async () => {
    fill(900_000);
    const id = await host.runOf(
      'run',
      python('import time\nfor i in range(1000): print(i, "x" * 400); time.sleep(0.002)'),
    );
    const notices: LogNotice[] = [];
    const pumps = host.newPumps({ logs, onNotice: (_, notice) => notices.push(notice) });
    const { sealed } = pumps.adopt(target(id));
    await until(() => notices.length === 1);
    await until(async () => (await host.engine.inspectContainer(id))?.status === 'exited');
    makeRoom();

    expect(await sealed).toEqual({ lines: 1000, gaps: 0, badBytes: 0 });
    expect(await numbers()).toEqual(upTo(1000));
    expect(notices.map(({ topic, message }) => [topic, message === null])).toEqual([
      ['log-disk-full', false],
      ['log-disk-full', true],
    ]);
    expect(notices[0]?.message).toContain('there is no room to write the log');
  });

  it('pauses a container before its engine throws lines away, and lets it go when there is room again', async () => {
    fill(900_000);
    host.config.host.containerLogSizeBytes = 400_000;
    const lines = 1700;
    // All of it is kept by the engine. The last of it comes only when the pause was seen, however late that is.
    const print = `
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(${lines}):
    if i == ${lines} - 1: signal.sigwait({signal.SIGUSR1})
    print(i, "x" * 400)
    time.sleep(0.003)
`;
    const id = await host.runOf('run', python(print), { log: { maxSizeBytes: 400_000, maxFiles: 3 } });
    const pumps = host.newPumps({ logs });
    const { sealed } = pumps.adopt(target(id));
    await until(() => pumps.brakeOf(id) === 'pause', { everyMs: 5 });
    makeRoom();
    await host.engine.signalContainer(id, 'SIGUSR1');

    expect(await sealed).toEqual({ lines, gaps: 0, badBytes: 0 });
    expect(await numbers()).toEqual(upTo(lines));
  });
});
