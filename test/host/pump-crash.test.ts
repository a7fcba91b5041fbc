import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { LogLine } from '../../store/log-store';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

const RUNS = ['one', 'two', 'three'];
const KILLS = 5;

/** Numbered lines on both streams until SIGTERM, each now and then longer than the engine's pieces; at last how many. */
const PRINT = python(`
import signal, sys, time
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
i = 0
while going:
    tail = "x" * 20000 if i % 97 == 0 else ""
    print(f"out {i} {tail}")
    print(f"err {i} {tail}", file=sys.stderr)
    i += 1
    time.sleep(0.003)
print(f"all {i}")
`);

let host: TestHost;
let pumping: ChildProcess | undefined;

beforeAll(async () => {
  host = await testHost();
});

afterAll(async () => {
  pumping?.kill('SIGKILL');
  await host.dispose();
});

function startPumpProcess(): ChildProcess {
  const register = join(__dirname, '..', 'helpers', 'typescript-hook.cjs');
  const entry = join(__dirname, 'pump-process.ts');
  return spawn(process.execPath, ['-r', register, entry, JSON.stringify(host.config)], { stdio: 'inherit' });
}

async function storedLines(): Promise<number> {
  const sizes = await Promise.all(RUNS.map((run) => host.logs.size(run)));
  return sizes.reduce((sum, size) => sum + (size?.lines ?? 0), 0);
}

/** Fails unless the log of the run is what it printed; returns how many lines of each stream that is. */
async function expectExactLog(run: string): Promise<number> {
  const out = await host.lines(run, ['stdout']);
  const err = await host.lines(run, ['stderr']);
  const count = Number(out.pop()?.text.split(' ')[1]);
  const expected = (word: string): string[] => Array.from({ length: count }, (_, index) => `${word} ${index}`);
  const shortened = (lines: LogLine[]): string[] => lines.map(({ text }) => text.replace(/ x*$/, ''));
  expect(shortened(out)).toEqual(expected('out'));
  expect(shortened(err)).toEqual(expected('err'));
  expect(out.filter(({ text }) => text.endsWith('x'.repeat(20_000)))).toHaveLength(Math.ceil(count / 97));
  return count;
}

describe('pumps that are killed in the middle', () => {
  it('store each line once and in order, whenever they are killed', async () => {
    const ids = await Promise.all(RUNS.map((run) => host.runOf(run, PRINT)));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = await storedLines();
      pumping = startPumpProcess();
      const ended = once(pumping, 'exit');
      const some = 1 + Math.floor(Math.random() * 300);
      await until(async () => (await storedLines()) >= before + some, { everyMs: 1 });
      pumping.kill('SIGKILL');
      await ended;
    }
    const pumps = host.newPumps();
    const sealed = RUNS.map((runId, index) => pumps.adopt({ runId, attempt: 1, containerId: ids[index]! }).sealed);
    // One that has printed nothing yet would not know of SIGTERM either.
    for (const run of RUNS) await until(async () => ((await host.logs.size(run))?.lines ?? 0) > 0);
    for (const id of ids) expect(await host.engine.signalContainer(id, 'SIGTERM')).toBe(true);
    const seals = await Promise.all(sealed);
    for (const [index, run] of RUNS.entries()) {
      const count = await expectExactLog(run);
      expect(seals[index]).toEqual({ lines: 2 * count + 1, gaps: 0, badBytes: 0 });
    }
  }, 120_000);
});
