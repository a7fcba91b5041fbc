import type { WorkflowHandle } from '@temporalio/client';

import type { HostContainer } from '../../contract/host';
import { fakeHost } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { hostReport } from '../helpers/host-report';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite();
const GIB = 2 ** 30;

interface World {
  start: StartRun;
  pool: PoolOfTest;
  /** What the host reports from now on: containers of these runs, with one CPU each. */
  hostHas(...runIds: string[]): void;
  ends(runId: string): void;
  holdsAndRuns(run: WorkflowHandle): Promise<void>;
}

/** A pool with one host of one CPU, whose containers run until the test lets them end. */
async function withPool(body: (world: World) => Promise<void>, mute: () => string = () => ''): Promise<void> {
  const report = hostReport({ name: 'fake', cpus: 1, memoryBytes: 64 * GIB, containers: [] });
  const pool = poolOfTest(suite, [report]);
  const leaseOf: PoolOfTest['link']['leaseOf'] = async (id) => (id === mute() ? 'mute' : pool.link.leaseOf(id));
  const { changes, ends } = heldContainers();
  const host = fakeHost(changes);
  const activities = pooled(suite, { ...pool, link: { ...pool.link, leaseOf } }, host.activities);
  const holdsAndRuns = async (run: WorkflowHandle): Promise<void> => {
    await pool.becomes(({ leases }) => leases[0]?.runId === run.workflowId);
    await host.records.reached('running');
  };
  await suite.withWorkers(activities, async (start) => {
    await pool.begin({ checkEveryMs: 300 });
    try {
      await body({
        start,
        pool,
        ends,
        holdsAndRuns,
        hostHas: (...runIds) => (report.containers = runIds.map(container)),
      });
    } finally {
      await pool.end();
    }
  });
}

const container = (runId: string): HostContainer => {
  return { runId, attempt: 1, epoch: 1, cpus: 1, memoryBytes: GIB, gpuIds: [] };
};

/** The next run waits for the container of a run without a lease, and begins when that is gone. */
async function nextWaitsFor(world: World, left: string): Promise<void> {
  const { start, pool, hostHas, ends } = world;
  await pool.becomes(({ hosts, leases }) => hosts[0]?.unleased?.[0]?.runId === left && leases.length === 0);
  const next = await start({});
  const { queue } = await pool.becomes(({ queued }) => queued === 1);
  expect(queue[0]).toMatchObject({
    runId: next.workflowId,
    waitsFor: expect.stringContaining(`the container of run ${left} holds 1 CPU without a lease`),
    freedBy: `the end of the container of run ${left} on host fake, or another host`,
  });
  hostHas();
  await pool.becomes(({ leases }) => leases[0]?.runId === next.workflowId);
  ends(next.workflowId);
  await next.result();
}

it('what the container of a run holds that answers nobody is kept by a pool that is begun anew', async () => {
  let mute = '';
  await withPool(
    async (world) => {
      const run = await world.start({});
      await world.holdsAndRuns(run);
      world.hostHas(run.workflowId);
      mute = run.workflowId;
      await world.pool.end();
      await world.pool.link.start('default');
      await nextWaitsFor(world, mute);
      world.ends(mute);
      await run.result();
    },
    () => mute,
  );
});

it('a run that answers again has its lease back from the pool that was begun anew, and gives it back in the end', async () => {
  let mute = '';
  await withPool(
    async ({ start, pool, hostHas, holdsAndRuns, ends }) => {
      const run = await start({});
      await holdsAndRuns(run);
      hostHas(run.workflowId);
      mute = run.workflowId;
      await pool.end();
      await pool.begin({ checkEveryMs: 300 });
      await pool.becomes(({ hosts, leases }) => hosts[0]?.unleased?.length === 1 && leases.length === 0);
      mute = '';
      const { hosts } = await pool.becomes(({ leases }) => leases[0]?.runId === run.workflowId);
      expect(hosts).toMatchObject([{ usedCpus: 1, runs: [run.workflowId], unleased: [] }]);
      ends(run.workflowId);
      await run.result();
      hostHas();
      await pool.becomes(({ leases, hosts: [host] }) => leases.length === 0 && host?.usedCpus === 0);
    },
    () => mute,
  );
});

it('what the container of a terminated run holds is kept by a pool that goes on, in a gang as well', async () => {
  await withPool(async (world) => {
    const run = await world.start({});
    await world.holdsAndRuns(run);
    const node = `${run.workflowId}.e1.n1`;
    world.hostHas(node);
    await run.terminate('by hand');
    await nextWaitsFor(world, node);
    world.ends(run.workflowId);
  });
});

it('a report from before a run ended keeps nobody waiting, nor does one from before it was given its lease', async () => {
  await withPool(async (world) => {
    const { start, pool, hostHas, ends } = world;
    const run = await start({});
    await world.holdsAndRuns(run);
    hostHas(run.workflowId);
    ends(run.workflowId);
    await run.result();
    const next = await start({});
    await pool.becomes(({ leases }) => leases[0]?.runId === next.workflowId);
    hostHas(run.workflowId, next.workflowId);
    // Asked for its holders twice: whoever is in doubt was looked at.
    const third = await start({});
    await pool.becomes(({ queue }) => queue[0]?.waitsFor.includes(`run ${next.workflowId} holds 1 CPU until`) ?? false);
    expect((await pool.view()).hosts[0]?.unleased).toEqual([]);
    for (const { workflowId } of [next, third]) ends(workflowId);
    await Promise.all([next.result(), third.result()]);
  });
});
