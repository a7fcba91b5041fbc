import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Engine } from '../../docker/engine';
import { createBrakes } from '../../host/brakes';
import type { LogNotice } from '../../host/log-notices';
import type { LogStore } from '../../store/log-store';
import { until } from '../helpers/until';
import { printedBy, python, testHost, type TestHost } from './helpers';

/** Of the least that the settings allow, three files hold about 270,000 of the lines below. */
const ENGINE_LOG = { maxSizeBytes: 16_777_216, maxFiles: 3 };

/** Lines with their numbers, from the second on as fast as the program can once it is told to, in all more than the engine keeps. */
const LINES = 500_000;
const FLOOD = [
  'python3',
  '-c',
  `
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(${LINES}):
    sys.stdout.write("%07d %s\\n" % (i, "x" * 110))
    if i == 0:
        sys.stdout.flush()
        signal.sigwait({signal.SIGUSR1})
`,
];
const ENDLESS = ['python3', '-c', 'import sys\nwhile True: sys.stdout.write("x" * 110 + "\\n")'];

let host: TestHost;

beforeEach(async () => {
  host = await testHost();
  host.config.host.containerLogSizeBytes = ENGINE_LOG.maxSizeBytes;
});

afterEach(() => host.dispose());

const target = (containerId: string) => ({ runId: 'flood', attempt: 1, containerId });
const status = async (id: string): Promise<string | undefined> => (await host.engine.inspectContainer(id))?.status;

const marksFolder = (): string => join(host.data, 'slowed', 'test-host');
const marks = (): string[] => readdirSync(marksFolder());

/** Number of the first line that is not the next of the one before; how many lines there are, where there is none. */
async function firstWrong(logs: LogStore): Promise<number> {
  let next = 0;
  for await (const lines of logs.read('flood', {})) {
    for (const { text } of lines) {
      if (Number.parseInt(text, 10) !== next) return next;
      next += 1;
    }
  }
  return next;
}

/** The engine, whose log comes to us slowly. */
function slowEngine(real: Engine): Engine {
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        yield records;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** The engine, over whose first long batch of a follow this whole process stands still for as long as the flood takes. */
function sleepyEngine(real: Engine): Engine {
  let hasSlept = false;
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        if (options.follow && !hasSlept && records.length > 10) {
          hasSlept = true;
          const end = Date.now() + STANDSTILL_MS;
          while (Date.now() < end);
        }
        yield records;
      }
    },
  };
}

const STANDSTILL_MS = 1_000;

describe('a container that prints faster than its log can be stored', () => {
  it('is slowed down, loses no line and ends as it would have', async () => {
    const notices: LogNotice[] = [];
    const id = await host.runOf('flood', FLOOD, { log: ENGINE_LOG });
    const pumps = host.newPumps({ onNotice: (_, notice) => notices.push(notice) });
    const { sealed } = pumps.adopt(target(id));
    // What was thrown away before there was a pump is none of its business.
    await until(async () => (await host.logs.size('flood'))?.lines === 1);
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;

    expect(seal).toEqual({ lines: LINES, gaps: 0, badBytes: 0 });
    expect(await firstWrong(host.logs)).toBe(LINES);
    expect(await host.engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    // On a busy machine it may be slowed down, let go for half a minute, and slowed down again.
    expect(new Set(notices.map(({ topic }) => topic))).toEqual(new Set(['log-slowed']));
    expect([notices[0]?.message, notices.at(-1)?.message]).toEqual([expect.stringContaining('slowed down'), null]);
    expect(marks()).toEqual([]);
  }, 180_000);

  it('loses no line where this process stands still over two rotations of its engine', async () => {
    // All of it is kept by the engine, in three files; who follows and is asleep meanwhile is led past the second.
    const lines = 200_000;
    const printing = `import sys\nfor i in range(${lines}): sys.stdout.write("%07d %s\\n" % (i, "x" * 110))`;
    const id = await host.runOf('flood', ['sh', '-c', `echo ready; sleep 1; exec python3 -c '${printing}'`], {
      log: ENGINE_LOG,
    });
    const pumps = host.newPumps({ engine: sleepyEngine(host.engine) });

    expect(await pumps.adopt(target(id)).sealed).toEqual({ lines: lines + 1, gaps: 0, badBytes: 0 });
  }, 180_000);

  it('is woken when its pump is stopped', async () => {
    const id = await host.runOf('flood', ENDLESS, { log: ENGINE_LOG });
    const pumps = host.newPumps({ engine: slowEngine(host.engine) });
    pumps.adopt(target(id)).sealed.catch(() => undefined);
    await until(() => pumps.brakeOf(id) !== null, { everyMs: 5 });

    await pumps.stop();

    expect(await host.engine.inspectContainer(id)).toMatchObject({ status: 'running', cpus: 1 });
    expect(marks()).toEqual([]);
  }, 180_000);

  it('is woken by the pump that comes after a killed one, once the log is read', async () => {
    const slow = python(`
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(200):
    if i == 100: signal.sigwait({signal.SIGUSR1})
    print(i)
    time.sleep(0.01)
`);
    const id = await host.runOf('flood', slow);
    await until(async () => (await printedBy(host, id)).length > 0);
    await createBrakes(host.engine, marksFolder()).of(id).engage('pause');

    const pumps = host.newPumps();
    await pumps.start();
    // It had not ended when it was paused, and goes on only where it is let go.
    await host.engine.signalContainer(id, 'SIGUSR1');

    expect(await pumps.adopt(target(id)).sealed).toEqual({ lines: 200, gaps: 0, badBytes: 0 });
    expect(marks()).toEqual([]);
  });

  it('ends at once when it is to be ended, paused or not', async () => {
    const id = await host.runOf('flood', ENDLESS, { log: ENGINE_LOG });
    const pumps = host.newPumps({ engine: slowEngine(host.engine) });
    const { sealed } = pumps.adopt(target(id));
    await until(() => pumps.brakeOf(id) !== null, { everyMs: 5 });

    await pumps.letRun(id);
    expect(await host.engine.signalContainer(id, 'SIGTERM')).toBe(true);

    await until(async () => (await status(id)) === 'exited');
    await sealed.catch(() => undefined);
  }, 180_000);
});
