import { WorkflowUpdateFailedError } from '@temporalio/client';

import { createPoolActivities } from '../../activities/pool-activities';
import { poolWorkflowIdFor } from '../../contract/names';
import type { ClaimAnswer, PoolView } from '../../contract/pool';
import type { PoolActivities } from '../../contract/pool-messages';
import { fakeHost } from '../helpers/fake-host';
import { gpuNumber, hostReport } from '../helpers/host-report';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite } from '../helpers/workflow-suite';

/** Messages to a pool as somebody writes them for Temporal's command line. */

const suite = workflowSuite();
const HOST = hostReport({ name: 'fake', cpus: 4, memoryBytes: 2 ** 30, gpus: [gpuNumber(0), gpuNumber(1)] });
const REQUEST = { cpus: 1, memoryBytes: 2 ** 26, limitMs: 60_000, submittedAt: '2026-01-01T00:00:00Z' };
const CLAIM = { runId: 'by-hand', claim: 1, request: REQUEST };
const RESERVATION = {
  id: 'r',
  project: 'vision',
  gpus: 1,
  from: '2126-01-01T00:00:00Z',
  until: '2126-01-02T00:00:00Z',
};

async function withPool(body: (pool: PoolOfTest) => Promise<void>): Promise<void> {
  const pool = poolOfTest(suite, [HOST]);
  const activities = pooled(suite, pool, fakeHost().activities);
  await suite.withWorkers({ ...activities, ...watching(pool) }, async () => {
    await pool.begin();
    try {
      await pool.becomes(({ hosts }) => hosts.length === 1);
      await body(pool);
    } finally {
      await pool.end();
    }
  });
}

/** Every run goes on for the pool, though none has a workflow: what it holds is not taken back meanwhile. */
function watching({ link }: PoolOfTest): PoolActivities {
  const listHosts = async () => [{ ...HOST, reportedAt: new Date().toISOString() }];
  const store = { listHosts, listRuns: async () => ({ items: [], next: null }), getRun: async () => null };
  const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
  return createPoolActivities({ store, runs: { ...link, liveRuns: async function* () {}, standingOf } });
}

/** One that wedges the pool is answered by nobody, so that the test does not wait for it for ever. */
async function send<T>(update: string, input: unknown): Promise<T> {
  const handle = suite.plain.workflow.getHandle(poolWorkflowIdFor('default'));
  return suite.plain.withDeadline(Date.now() + 30_000, () =>
    handle.executeUpdate<T, [unknown]>(update, { args: [input] }),
  );
}

async function refusal(update: string, input: unknown): Promise<unknown> {
  const error = await send(update, input).catch((thrown: unknown) => thrown);
  return error instanceof WorkflowUpdateFailedError ? error.cause : error;
}

const FAULTY = [
  ['claim', { ...CLAIM, request: { ...REQUEST, hostLabels: 'fast' } }, 'bad-message', 'request.hostLabels: '],
  ['claim', { ...CLAIM, request: { ...REQUEST, avoid: 'a' } }, 'bad-message', 'request.avoid: '],
  ['claim', { ...CLAIM, request: { ...REQUEST, gpuModel: 100 } }, 'bad-message', 'request.gpuModel: '],
  ['claimAll', { ...CLAIM }, 'bad-message', 'a list of claims'],
  ['reprioritise', { runId: 'by-hand', priority: 'high' }, 'bad-message', 'priority: '],
  ['changeHost', { host: 'fake', intent: 'off' }, 'bad-message', 'intent: '],
  ['reserve', { ...RESERVATION, gpuModel: 100 }, 'bad-reservation', 'gpuModel: '],
  ['reserve', { ...RESERVATION, by: 'x'.repeat(200) }, 'bad-reservation', 'by: '],
  ['unreserve', {}, 'bad-message', 'id: '],
] as const;

it('what makes no sense is refused with the field, and the pool goes on', async () => {
  await withPool(async () => {
    for (const [update, input, type, message] of FAULTY) {
      expect(await refusal(update, input)).toMatchObject({ type, message: expect.stringContaining(message) });
    }
    expect(await send<ClaimAnswer>('claim', CLAIM)).toMatchObject({ kind: 'granted' });
  });
}, 60_000);

it('what is left out of a message has its default', async () => {
  await withPool(async () => {
    expect(await send<ClaimAnswer>('claim', CLAIM)).toMatchObject({ kind: 'granted', lease: { attempt: 1 } });
    const waiting = { ...CLAIM, runId: 'waits', request: { ...REQUEST, cpus: 4 } };
    expect(await send<ClaimAnswer>('claim', waiting)).toMatchObject({ kind: 'queued' });
    const { queue, reservations } = await send<PoolView>('reserve', RESERVATION);
    expect(queue).toMatchObject([
      { runId: 'waits', project: 'default', owner: 'nobody', priority: 50, nodes: 1, gpus: 0 },
    ]);
    expect(reservations).toMatchObject([{ id: 'r', gpuModel: null, by: 'nobody' }]);
  });
}, 60_000);

it('a release that makes no sense changes nothing', async () => {
  await withPool(async (pool) => {
    await send('claim', CLAIM);
    const handle = suite.plain.workflow.getHandle(poolWorkflowIdFor('default'));
    for (const input of [null, 5, {}, { runId: 'by-hand' }, { runId: 'by-hand', claim: 'one' }]) {
      await handle.signal('release', input);
    }
    expect((await pool.view()).leases).toHaveLength(1);
    await handle.signal('release', { runId: 'by-hand', claim: 1 });
    await pool.becomes(({ leases }) => leases.length === 0);
  });
}, 60_000);
