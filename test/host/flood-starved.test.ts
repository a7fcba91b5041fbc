import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

/** Of the least that the settings allow, three files hold about 270,000 of the lines below. */
const ENGINE_LOG = { maxSizeBytes: 16_777_216, maxFiles: 3 };

/** Once it is told to, lines with their numbers, as fast as the program can, in all more than the engine keeps. */
const LINES = 400_000;
const FLOOD = python(`
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: None)
print("ready")
signal.pause()
out = open(1, "w", 65536)
for i in range(${LINES}): out.write("%07d %s\\n" % (i, "x" * 110))
`);

/** How long the process of the pump gets no processor, and then some. */
const STOPPED_MS = 200;
const RUNNING_MS = 50;

let host: TestHost;
let pumping: ChildProcess;

beforeEach(async () => {
  host = await testHost();
  host.config.host.containerLogSizeBytes = ENGINE_LOG.maxSizeBytes;
});

afterEach(async () => {
  const ended = once(pumping, 'exit');
  pumping.kill('SIGKILL');
  await ended;
  await host.dispose();
});

function startPumpProcess(): ChildProcess {
  const register = join(__dirname, '..', 'helpers', 'typescript-hook.cjs');
  const args = ['-r', register, join(__dirname, 'pump-process.ts'), JSON.stringify(host.config), '1000000000'];
  return spawn(process.execPath, args, { stdio: 'inherit' });
}

/** Lets a process run for a fifth of the time, for as long as a container runs. */
async function starve(process: ChildProcess, containerId: string): Promise<void> {
  while ((await host.engine.inspectContainer(containerId))?.status !== 'exited') {
    process.kill('SIGSTOP');
    await sleep(STOPPED_MS);
    process.kill('SIGCONT');
    await sleep(RUNNING_MS);
  }
}

describe('a container that prints as fast as it can, while the process of its pump hardly gets a processor', () => {
  it('loses no line', async () => {
    const id = await host.runOf('flood', FLOOD, { log: ENGINE_LOG });
    pumping = startPumpProcess();
    await until(async () => ((await host.logs.size('flood'))?.lines ?? 0) === 1);

    expect(await host.engine.signalContainer(id, 'SIGUSR1')).toBe(true);
    await starve(pumping, id);
    await until(async () => (await host.lines('flood', ['system'])).length > 0, { everyMs: 500, timeoutMs: 120_000 });

    const [note] = await host.lines('flood', ['system']);
    expect(note?.text).toBe(`sealed: ${LINES + 1} lines, 0 gaps, 0 bad bytes`);
    const numbers = (await host.lines('flood', ['stdout'])).slice(1).map(({ text }) => Number.parseInt(text, 10));
    expect(numbers.findIndex((number, index) => number !== index)).toBe(-1);
  }, 180_000);
});
