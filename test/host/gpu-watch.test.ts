import { createGpuInventory } from '../../host/gpu-inventory';
import { startGpuWatch, type GpuWatch } from '../../host/gpu-watch';
import type { RunStanding } from '../../policy/reconcile';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { fakeDriver } from './fake-driver';
import { QUIET, testHost, type TestHost } from './helpers';

const scratch = scratchFolder();
let host: TestHost;
beforeAll(async () => {
  host = await testHost();
});
afterAll(() => host.dispose());

const ROWS = ['0, GPU-a, NVIDIA H100 80GB HBM3, 81559, Disabled', '1, GPU-b, NVIDIA H100 80GB HBM3, 81559, Disabled'];

/** A driver with two GPUs; `users` are lines of its list of processes. */
function driver({
  rows = ROWS,
  users = [],
  end = 'exit 0',
}: {
  rows?: string[];
  users?: string[];
  end?: string;
}): string {
  const print = (lines: string[]): string => lines.map((line) => `echo "${line}"`).join('; ') || ':';
  const body = `case "$1" in *compute-apps*) ${print(users)} ;; *) ${print(rows)}; ${end} ;; esac`;
  return fakeDriver(scratch.path, body);
}

interface Watched {
  gpus?: string[];
  command?: string;
  standings?: Record<string, RunStanding>;
}

/** Watches until `body` is through; looks only when it is told to. */
async function watching(watched: Watched, body: (watch: GpuWatch) => Promise<void>): Promise<void> {
  const { gpus = [], command = driver({}), standings = {} } = watched;
  const watch = startGpuWatch({
    engine: host.engine,
    inventory: createGpuInventory(command),
    config: { host: { ...host.config.host, gpus } },
    standingOf: async (runId) => {
      const standing = standings[runId];
      if (standing === undefined) throw new Error('Temporal is away');
      return standing;
    },
    log: QUIET,
    everyMs: 3_600_000,
  });
  try {
    await watch.asked;
    await body(watch);
  } finally {
    await watch.stop();
  }
}

const troubles = (watch: GpuWatch): unknown[] => watch.list().map(({ id, trouble }) => [id, trouble]);
const WELL = [
  ['GPU-a', null],
  ['GPU-b', null],
];

it('lists what the driver has, at once', async () => {
  await watching({}, async (watch) => {
    expect(troubles(watch)).toEqual(WELL);
    expect(watch.flag()).toBeNull();
  });
});

it('takes what the settings say over what the driver says', async () => {
  await watching({ gpus: ['GPU-x:Odd One:8g'] }, async (watch) => {
    expect(watch.list()).toEqual([
      { id: 'GPU-x', index: 0, model: 'Odd One', memoryBytes: 8 * 1024 ** 3, mig: false, trouble: null, detail: null },
    ]);
  });
  await watching({ gpus: ['none'] }, async (watch) => expect(watch.list()).toEqual([]));
});

it('quarantines a GPU that a stranger computes on, also one of the settings, until two looks found nobody', async () => {
  driver({ users: [`GPU-b, ${process.pid}`] });
  const gpus = ['GPU-a:H100:80g', 'GPU-b:H100:80g'];
  await watching({ gpus, command: driver({ users: [`GPU-b, ${process.pid}`] }) }, async (watch) => {
    expect(watch.list()[1]).toMatchObject({
      trouble: 'used-from-outside',
      detail: `Process ${process.pid} computes on it and belongs to no run of this server.`,
    });
    expect(watch.list()[0]).toMatchObject({ trouble: null, detail: null });
    driver({});
    await watch.look();
    expect(watch.list()[1]).toMatchObject({ trouble: 'used-from-outside' });
    await watch.look();
    expect(troubles(watch)).toEqual(WELL);
  });
});

it('knows the processes of its own containers', async () => {
  const id = await host.runOf('computes', ['sh', '-c', 'sleep 60 & sleep 60'], {
    labels: { 'trainyard.gpus': 'GPU-a' },
  });
  const pids = await until(async () => {
    const found = await host.engine.containerPids(id);
    return found.length >= 3 && found;
  });
  const command = driver({ users: pids.map((pid) => `GPU-a, ${pid}`) });
  await watching({ command, standings: { computes: { state: 'live', epoch: 1 } } }, async (watch) => {
    expect(troubles(watch)).toEqual(WELL);
  });
  await host.engine.removeContainer(id);
});

it.each<[string, RunStanding]>([
  ['whose lease was revoked', { state: 'live', epoch: 2 }],
  ['which has ended', { state: 'ended', endedAtMs: 0 }],
  ['which Temporal does not know', { state: 'unknown' }],
])('does not give out a GPU that the container of a run %s still has', async (words, standing) => {
  const id = await host.runOf('keeps', ['sleep', '60'], { labels: { 'trainyard.gpus': 'GPU-a,GPU-b' } });
  const standings: Record<string, RunStanding> = { keeps: { state: 'live', epoch: 1 } };
  await watching({ standings }, async (watch) => {
    expect(troubles(watch)).toEqual(WELL);
    standings['keeps'] = standing;
    await watch.look();
    expect(watch.list()[0]).toMatchObject({
      trouble: 'not-freed',
      detail: `The container of attempt 1 of run keeps, ${words}, still has it.`,
    });
    await host.engine.removeContainer(id);
    await watch.look();
    await watch.look();
    expect(troubles(watch)).toEqual(WELL);
  });
});

it('leaves a quarantine as it is while nobody can tell whether it is over', async () => {
  const id = await host.runOf('hidden', ['sleep', '60'], { labels: { 'trainyard.gpus': 'GPU-a' } });
  const standings: Record<string, RunStanding> = { hidden: { state: 'unknown' } };
  await watching({ standings }, async (watch) => {
    delete standings['hidden'];
    await watch.look();
    await watch.look();
    expect(watch.list()[0]).toMatchObject({ trouble: 'not-freed' });
  });
  await host.engine.removeContainer(id);
});

it('keeps what it knew of a driver that fails, as broken, and gives it out again once it is well', async () => {
  await watching({}, async (watch) => {
    fakeDriver(scratch.path, 'echo "NVIDIA-SMI has failed"; exit 9');
    await watch.look();
    expect(watch.list()).toMatchObject([{ trouble: 'unhealthy' }, { trouble: 'unhealthy' }]);
    expect(watch.flag()).toMatch(/^The GPU driver does not tell which GPUs there are: NVIDIA-SMI has failed\./);
    driver({});
    await watch.look();
    expect(watch.flag()).toBeNull();
    await watch.look();
    expect(troubles(watch)).toEqual(WELL);
  });
});

it('knows a GPU as broken that has an error, or that the driver lists no more and complains', async () => {
  await watching({}, async (watch) => {
    driver({ rows: [ROWS[0]!, '1, GPU-b, NVIDIA H100 80GB HBM3, ERR!, Disabled'] });
    await watch.look();
    expect(watch.list()[1]).toMatchObject({ trouble: 'unhealthy', detail: 'The driver says ERR! of it.' });
    driver({ rows: [ROWS[0]!, 'GPU0000:3B:00.0: GPU is lost'], end: 'exit 15' });
    await watch.look();
    expect(watch.list()[1]).toMatchObject({
      id: 'GPU-b',
      trouble: 'unhealthy',
      detail: expect.stringContaining('lost'),
    });
    expect(watch.list()[0]).toMatchObject({ trouble: null });
    driver({ rows: [ROWS[0]!] });
    await watch.look();
    expect(watch.list()).toHaveLength(1);
  });
});

it('joins the look that is under way', async () => {
  await watching({}, async (watch) => {
    expect(watch.look()).toBe(watch.look());
    await watch.look();
  });
});
