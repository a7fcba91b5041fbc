import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { pumpLog } from '../../host/log-pump';
import { createPumps, pumpDepsOf } from '../../host/pumps';
import { startProxy, type TestProxy } from '../helpers/proxy';
import { until } from '../helpers/until';
import { python, QUIET, testHost, type TestHost } from './helpers';

let host: TestHost;
let proxy: TestProxy;
let engine: Engine;

beforeAll(async () => {
  host = await testHost();
  proxy = await startProxy({ path: host.dockerHost.replace('unix://', '') });
  engine = createEngine(`unix://${proxy.address}`);
});

afterAll(async () => {
  engine.close();
  await proxy.stop();
  await host.dispose();
});

const COUNT = 300;
const PRINT = python(`import time\nfor i in range(${COUNT}): print(i, "x" * 200); time.sleep(0.005)`);
const numbers = async (runId: string): Promise<number[]> =>
  (await host.lines(runId)).map(({ text }) => parseInt(text, 10));
const ALL = Array.from({ length: COUNT }, (_, index) => index);

describe('a pump whose engine goes away', () => {
  it('loses and doubles nothing when its connections are cut, in the middle of a record too', async () => {
    const containerId = await host.runOf('cut', PRINT);
    const pumps = createPumps({ ...host, engine, log: QUIET });
    const { sealed } = pumps.adopt({ runId: 'cut', attempt: 1, containerId });

    for (const lines of [20, 60, 100, 150]) {
      await until(async () => (await numbers('cut')).length >= lines, { everyMs: 5 });
      proxy.limit(1000 + lines, 'cut');
      await until(() => proxy.openConnections() === 0, { everyMs: 5 });
      proxy.limit(Infinity, 'cut');
    }

    expect(await sealed).toEqual({ lines: COUNT, gaps: 0, badBytes: 0 });
    expect(await numbers('cut')).toEqual(ALL);
    await pumps.stop();
  });

  it('takes up its containers when the engine comes back, where it was away at the start', async () => {
    await host.runOf('late', python('print("here")'));
    proxy.limit(0, 'cut');
    const pumps = createPumps({ ...host, engine, log: QUIET });
    await pumps.start();
    expect(await host.logs.size('late')).toBeNull();
    proxy.limit(Infinity, 'cut');

    await until(async () => (await host.lines('late')).length === 1);
    await pumps.stop();
  });

  it('reads on when a follow stalls although there is more', async () => {
    const containerId = await host.runOf('stall', PRINT);
    const deps = pumpDepsOf({ ...host, engine: stallingOnce(host.engine), log: QUIET });
    const target = { runId: 'stall', attempt: 1, containerId };
    const seal = await pumpLog({ ...deps, silenceMs: 200 }, target, () => undefined, new AbortController().signal);

    expect(seal).toEqual({ lines: COUNT, gaps: 0, badBytes: 0 });
    expect(await numbers('stall')).toEqual(ALL);
  });
});

/** The engine, whose first follow goes silent after a few records, as one that missed a rotation does. */
function stallingOnce(real: Engine): Engine {
  let stalls = true;
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        yield records;
        if (!stalls || !options.follow) continue;
        stalls = false;
        await new Promise((_, reject) => {
          options.signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
    },
  };
}
