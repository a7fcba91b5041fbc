import type { WorkflowHandle } from '@temporalio/client';

import type { PoolView } from '../../contract/pool';
import { changeRunUpdate, leaseQuery } from '../../workflows/messages';
import { fakeHost } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { hostReport } from '../helpers/host-report';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite();
const HOUR = 3_600_000;

const limited = (running: string) => ({ policy: { timeouts: { running, total: '200h' } } });
const limit = async (run: WorkflowHandle, running: string) =>
  run.executeUpdate(changeRunUpdate, { args: [{ policy: { timeouts: { running } }, by: 'ada' }] });

/** A pool of one host of two CPUs, of which one is held for two hours, and another run waits for both. */
async function withHead(
  body: (world: { start: StartRun; pool: PoolOfTest; holder: WorkflowHandle; head: WorkflowHandle }) => Promise<void>,
): Promise<void> {
  const { changes, ends } = heldContainers();
  const host = fakeHost(changes);
  const pool = poolOfTest(suite, [hostReport({ name: 'fake', cpus: 2, memoryBytes: 64 * 2 ** 30 })]);
  const { admitRun } = host.activities;
  host.activities.admitRun = async (input) => {
    const { spec, ...admitted } = await admitRun(input);
    const cpus = spec.name === 'head' ? 2 : 1;
    return { ...admitted, spec: { ...spec, resources: { ...spec.resources, cpus } } };
  };
  await suite.withWorkers(pooled(suite, pool, host.activities), async (start) => {
    await pool.begin({ checkEveryMs: 300 });
    try {
      const holder = await start(limited('2h'));
      await pool.becomes(({ leases }) => leases.length === 1);
      const head = await start({ name: 'head', ...limited('2h') });
      await pool.becomes(({ queued }) => queued === 1);
      await body({ start, pool, holder, head });
      for (const run of [holder, head]) ends(run.workflowId);
      await Promise.all([holder.result(), head.result()]);
    } finally {
      await pool.end();
    }
  });
}

describe('the time that a run may take, when it is changed', () => {
  it('lets a run that waits pass the first in the queue, once it is short enough', async () => {
    await withHead(async ({ start, pool }) => {
      const short = await start(limited('72h'));
      await pool.becomes(({ queued }) => queued === 2);
      await limit(short, '1h');
      await pool.becomes(({ leases }) => leases.some(({ runId }) => runId === short.workflowId));
      expect(await short.query(leaseQuery)).toMatchObject({ claim: { request: { limitMs: HOUR } } });
      await short.terminate('the test is over');
    });
  });

  it('of a run that holds a place moves the start that others are told', async () => {
    const startOf = ({ queue: [first] }: PoolView): number => Date.parse(first?.estimatedStart ?? '');
    await withHead(async ({ pool, holder }) => {
      const beforeMs = startOf(await pool.view());
      await limit(holder, '20h');
      await pool.becomes((view) => startOf(view) === beforeMs + 18 * HOUR);
      await limit(holder, '1h');
      await pool.becomes((view) => startOf(view) === beforeMs - HOUR);
    });
  });
});
