import { WorkflowUpdateFailedError } from '@temporalio/client';

import { poolWorkflowIdFor } from '../../contract/names';
import type { ClaimInput } from '../../contract/pool';
import { leaseRequestOf } from '../../policy/pool/lease-request';
import {
  changeHostUpdate,
  claimAllUpdate,
  configureUpdate,
  explainQuery,
  unreserveUpdate,
} from '../../workflows/pool-messages';
import { fakeHost, GOOD_OUTCOME, specOf } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite();
const ONE_CPU = leaseRequestOf(specOf({ resources: { cpus: 1, memory: '64m' } }), {
  submittedAt: '2026-01-01T00:00:00.000Z',
});

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

    const quotas = { projectQuotas: { vision: { gpus: 'eight' } } };
    expect(
      await refused(handle.executeUpdate(configureUpdate, { args: [{ settings: quotas as never, by: 'ada' }] })),
    ).toMatchObject({ type: 'bad-settings', message: expect.stringMatching(/^settings.projectQuotas.vision.gpus: /) });
    for (const change of [{ cpuOvercommit: 1e9 }, { weights: { x: 0 } }, { maxQueued: null }, quotas, 5, null]) {
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

it('answers several claims of one message in their order, and refuses them all where one makes no sense', async () => {
  await withPool({ cpus: 1 }, async (_, pool) => {
    const handle = suite.client.getHandle(poolWorkflowIdFor('default'));
    const claims = ['one', 'two'].map((runId) => ({ runId, claim: 1, attempt: 1, request: ONE_CPU }));
    const faulty = { ...claims[0]!, claim: 'first' } as unknown as ClaimInput;
    const refusal = await handle
      .executeUpdate(claimAllUpdate, { args: [[claims[1]!, faulty]] })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ cause: { type: 'bad-message' } });
    expect(await pool.view()).toMatchObject({ queued: 0, leases: [] });

    expect(await handle.executeUpdate(claimAllUpdate, { args: [claims] })).toMatchObject([
      { kind: 'granted', lease: { runId: 'one' } },
      { kind: 'queued', explanation: { runId: 'two', place: 1 } },
    ]);
  });
}, 60_000);

it('gives a place to each of many runs that ask at once, and tells how many there are', async () => {
  const RUNS = 300;
  await withPool({ cpus: 1 }, async (_, pool) => {
    const ids = Array.from({ length: RUNS }, (_, index) => `run-${index}`);
    const asking = ids.map(async (runId) =>
      pool.link.claim('default', { runId, claim: 1, attempt: 1, request: ONE_CPU }),
    );
    const answers = await Promise.all(asking);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['granted', ...Array(RUNS - 1).fill('queued')]);
    const handle = suite.client.getHandle(poolWorkflowIdFor('default'));
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(`${RUNS} runs wait or hold leases`);
    expect(currentDetails).toContain('host **fake** is ready');
  });
}, 60_000);
