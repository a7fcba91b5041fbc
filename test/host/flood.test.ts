import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Engine } from '../../docker/engine';
import type { LogNotice } from '../../host/log-notices';
import type { LogStore } from '../../store/log-store';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

/** The least that the settings allow. */
const ENGINE_LOG = { maxSizeBytes: 10_485_760, maxFiles: 3 };

/** Lines with their numbers, as fast as the program can, in all more than the engine keeps. */
const LINES = 600_000;
const FLOOD = [
  'python3',
  '-c',
  `import sys\nfor i in range(${LINES}): sys.stdout.write("%07d %s\\n" % (i, "x" * 110))`,
];

let host: TestHost;

beforeEach(async () => {
  host = await testHost();
  host.config.host.containerLogSizeBytes = ENGINE_LOG.maxSizeBytes;
});

afterEach(() => host.dispose());

const target = (containerId: string) => ({ runId: 'flood', attempt: 1, containerId });
const status = async (id: string): Promise<string | undefined> => (await host.engine.inspectContainer(id))?.status;

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
function slowEngine(real: Engine, isSlow: () => boolean): Engine {
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        yield records;
        if (isSlow()) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

describe('a container that prints faster than its log can be stored', () => {
  it('is slowed down, loses no line and ends as it would have', async () => {
    const notices: LogNotice[] = [];
    const id = await host.runOf('flood', FLOOD, { log: ENGINE_LOG });
    const pumps = host.newPumps({ onNotice: (_, notice) => notices.push(notice) });
    const seal = await pumps.adopt(target(id)).sealed;

    expect(seal).toEqual({ lines: LINES, gaps: 0, badBytes: 0 });
    expect(await firstWrong(host.logs)).toBe(LINES);
    expect(await host.engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    expect(notices.map(({ topic, message }) => [topic, message === null])).toEqual([
      ['log-slowed', false],
      ['log-slowed', true],
    ]);
    expect(readdirSync(join(host.data, 'paused', 'test-host'))).toEqual([]);
  }, 180_000);

  it('is woken when its pump is stopped, and by the next pump where that one was killed', async () => {
    let isSlow = true;
    const id = await host.runOf('flood', FLOOD, { log: ENGINE_LOG });
    const first = host.newPumps({ engine: slowEngine(host.engine, () => isSlow) });
    first.adopt(target(id));
    await until(() => first.isSlowed(id), { everyMs: 5 });
    await first.stop();
    expect(await status(id)).not.toBe('paused');

    // As a process leaves it that is killed in a pause: the mark is there, and nobody who wakes the container.
    const killed = host.newPumps({ engine: slowEngine(host.engine, () => isSlow) });
    killed.adopt(target(id));
    await until(() => killed.isSlowed(id), { everyMs: 5 });
    const next = host.newPumps();
    expect(next.isSlowed(id)).toBe(true);
    isSlow = false;
    await killed.stop();
    const seal = await next.adopt(target(id)).sealed;

    expect(seal).toEqual({ lines: LINES, gaps: 0, badBytes: 0 });
    expect(await firstWrong(host.logs)).toBe(LINES);
  }, 180_000);

  it('ends at once when it is to be ended, paused or not', async () => {
    const endless = python('import sys\nwhile True: sys.stdout.write("x" * 110 + "\\n")');
    const id = await host.runOf('flood', endless, { log: ENGINE_LOG });
    const pumps = host.newPumps({ engine: slowEngine(host.engine, () => true) });
    const { sealed } = pumps.adopt(target(id));
    await until(() => pumps.isSlowed(id), { everyMs: 5 });

    await pumps.letRun(id);
    expect(await host.engine.signalContainer(id, 'SIGTERM')).toBe(true);

    await until(async () => (await status(id)) === 'exited');
    await sealed.catch(() => undefined);
  }, 180_000);
});
