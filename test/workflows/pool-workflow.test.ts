import { WorkflowUpdateFailedError } from '@temporalio/client';

import { poolWorkflowIdFor } from '../../contract/names';
import { changeHostUpdate, configureUpdate, explainQuery, unreserveUpdate } from '../../workflows/pool-messages';
import { fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite();

async function withPool<T>(
  { cpus, mostMessages }: { cpus: number; mostMessages?: number },
  body: (start: StartRun, pool: PoolOfTest, host: ReturnType<typeof fakeHost> & { most: () => number }) => Promise<T>,
): Promise<T> {
  let now = 0;
  let most = 0;
  const host = fakeHost({
    startContainer: async ({ runId }) => {
      now += 1;
      most = Math.max(most, now);
      return { containerId: `c-${runId}`, containerName: runId, startedAt: '2026-01-01T00:00:00.000Z' };
    },
    followContainer: async () => GOOD_OUTCOME,
    cleanUp: async () => {
      now -= 1;
      return { removed: 1 };
    },
  });
  const pool = poolOfTest(suite, [hostReport({ name: 'fake', cpus, memoryBytes: 2 ** 40 })]);
  return suite.withWorkers(pooled(suite, pool, host.activities), async (start) => {
    await pool.begin({ ...(mostMessages && { mostMessages }) });
    try {
      await pool.becomes(({ hosts }) => hosts.length === 1);
      return await body(start, pool, { ...host, most: () => most });
    } finally {
      await pool.end();
    }
  });
}

/** How many executions of the pool went on one after another, until now. */
async function executions(): Promise<number> {
  let runId: string | undefined;
  for (let count = 0; ; count += 1) {
    const { events } = await suite.client.getHandle(poolWorkflowIdFor('default'), runId).fetchHistory();
    const before = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (!before) return count + 1;
    runId = before;
  }
}

it('loses no request where it goes on as a new execution again and again, and never gives out more than there is', async () => {
  const RUNS = 30;
  await withPool({ cpus: 4, mostMessages: 5 }, async (start, pool, host) => {
    const runs = await Promise.all(Array.from({ length: RUNS }, async () => start({})));
    await Promise.all(runs.map((run) => run.result()));
    expect(host.most()).toBeLessThanOrEqual(4);
    const { queued, leases } = await pool.becomes((view) => view.leases.length === 0);
    expect({ queued, leases }).toEqual({ queued: 0, leases: [] });
    const ended = host.records.updates.filter(({ run }) => run.state === 'succeeded');
    expect(new Set(ended.map(({ run }) => run.id)).size).toBe(RUNS);
    expect(ended.every(({ run }) => run.attempt === 1)).toBe(true);
    expect(await executions()).toBeGreaterThan(3);
  });
}, 180_000);

it('keeps its settings and what operators want of its hosts in all executions, and refuses what makes no sense', async () => {
  await withPool({ cpus: 1, mostMessages: 3 }, async (start, pool) => {
    const handle = suite.client.getHandle(poolWorkflowIdFor('default'));
    const refused = async (update: Promise<unknown>): Promise<unknown> => {
      const error = await update.catch((thrown: unknown) => thrown);
      return error instanceof WorkflowUpdateFailedError ? error.cause : error;
    };
    await handle.executeUpdate(changeHostUpdate, { args: [{ host: 'fake', intent: 'cordoned', by: 'ada' }] });
    await handle.executeUpdate(configureUpdate, { args: [{ settings: { cpuOvercommit: 2 }, by: 'ada' }] });
    const run = await start({});
    await pool.becomes(({ queued }) => queued === 1);
    expect(await handle.query(explainQuery, run.workflowId)).toMatchObject({ place: 1, queued: 1 });
    expect(await pool.view()).toMatchObject({ hosts: [{ state: 'cordoned' }], settings: { cpuOvercommit: 2 } });

    expect(
      await refused(handle.executeUpdate(changeHostUpdate, { args: [{ host: 'gone', intent: 'none', by: 'ada' }] })),
    ).toMatchObject({ type: 'unknown-host', message: 'the pool has no host gone' });
    expect(
      await refused(handle.executeUpdate(configureUpdate, { args: [{ settings: { cpuOvercommit: 0 }, by: 'ada' }] })),
    ).toMatchObject({ type: 'bad-settings', message: expect.stringContaining('cpuOvercommit') });
    expect(await refused(handle.executeUpdate(unreserveUpdate, { args: [{ id: 'none', by: 'ada' }] }))).toMatchObject({
      type: 'unknown-reservation',
    });

    for (const change of [{ cpuOvercommit: 0 }, { weights: { x: 0 } }, 5, null]) {
      expect(
        await refused(handle.executeUpdate(configureUpdate, { args: [{ change: change as never, by: 'ada' }] })),
      ).toMatchObject({ type: 'bad-settings' });
    }

    await handle.executeUpdate(changeHostUpdate, { args: [{ host: 'fake', intent: 'none', by: 'ada' }] });
    await run.result();
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('host **fake** is ready');
  });
}, 60_000);
