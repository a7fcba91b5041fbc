import { createQueueRoom } from '../../api/services/queue-room';
import { POOL_DEFAULTS, type PoolSettings } from '../../contract/pool';
import type { Problem } from '../../contract/problem';
import type { Run } from '../../contract/run';
import { hostReport } from '../helpers/host-report';
import { apiSuite } from './api-suite';
import type { TestApi } from './test-api';

const suite = apiSuite();

const GIB = 1024 ** 3;
const poolHas = (pool: string, cpus: number) =>
  suite.api.services.runStore.reportHost(hostReport({ name: pool, pool, cpus, memoryBytes: 64 * GIB }));

/** An API that knows nothing yet of what others remember, with a pool of these settings, and what it answers to submissions. */
async function anew(settings: Partial<PoolSettings> = {}, { forgets = false } = {}): Promise<TestApi> {
  const { pools, runStore, logger } = suite.api.services;
  const changed = { ...pools, settings: async () => ({ ...POOL_DEFAULTS, ...settings }) };
  const other = await suite.api.again({ queueRoom: createQueueRoom({ pools: changed, runStore, logger }) });
  if (forgets) other.services.runStore.insertQueued = async () => {};
  return other;
}

async function sameRun(first: TestApi, later: TestApi, body: object, key: string): Promise<void> {
  const headers = { 'idempotency-key': key };
  const accepted = await first.post('/v1/runs', body, headers);
  expect([accepted.statusCode, accepted.body]).toEqual([202, expect.any(String)]);
  const repeated = await later.post('/v1/runs', body, headers);
  expect([repeated.statusCode, repeated.body]).toEqual([202, expect.any(String)]);
  expect(repeated.json<Run>().id).toBe(accepted.json<Run>().id);
  expect(repeated.headers['idempotency-replayed']).toBe('true');
}

describe('a repeated Idempotency-Key gives its run again', () => {
  test.each([false, true])('where no host could hold it any more (lost by the store: %s)', async (forgets) => {
    const pool = `shrinks-${forgets}`;
    const body = { image: 'a:1', pool, resources: { cpus: 8 } };
    await poolHas(pool, 8);
    const first = await anew({}, { forgets });
    const accepted = await first.post('/v1/runs', body, { 'idempotency-key': pool });
    expect(accepted.statusCode).toBe(202);
    await poolHas(pool, 1);
    const later = await anew();
    const repeated = await later.post('/v1/runs', body, { 'idempotency-key': pool });
    expect([repeated.statusCode, repeated.json<Run>().id]).toEqual([202, accepted.json<Run>().id]);

    const fresh = await later.post('/v1/runs', body, { 'idempotency-key': `${pool} fresh` });
    expect(fresh.statusCode).toBe(400);
    expect(fresh.json<Problem>().errors).toEqual([
      { path: 'resources.cpus', message: expect.stringContaining('no host has 8 CPUs') },
    ]);
  });

  test.each([
    ['its queue is full', { maxQueued: 0 }, 429],
    ['its project may submit nothing', { projectQuotas: { '*': { queued: 0 } } }, 403],
  ])('where %s, also before the list has it', async (_, settings, status) => {
    const body = { image: 'a:1' };
    const later = await anew(settings);
    await sameRun(await anew({}, { forgets: true }), later, body, `full ${status}`);
    expect((await later.post('/v1/runs', body, { 'idempotency-key': `fresh ${status}` })).statusCode).toBe(status);
    const other = await later.post('/v1/runs', { image: 'b:1' }, { 'idempotency-key': `full ${status}` });
    expect(other.statusCode).toBe(422);
  });

  test('of a rerun as well, whose new faults are still told as those of its changes', async () => {
    await poolHas('rerun', 8);
    const first = await anew();
    const { id } = (await first.post('/v1/runs', { image: 'a:1', pool: 'rerun' })).json<Run>();
    const url = `/v1/runs/${id}/rerun`;
    const body = { changes: { resources: { cpus: 4 } } };
    const headers = { 'idempotency-key': 'rerun' };
    const accepted = await first.post(url, body, headers);
    await poolHas('rerun', 1);
    const later = await anew();
    const repeated = await later.post(url, body, headers);
    expect([repeated.statusCode, repeated.json<Run>().id]).toEqual([202, accepted.json<Run>().id]);
    expect((await later.post(url, body)).json<Problem>().errors).toEqual([
      { path: 'changes.resources.cpus', message: expect.stringContaining('no host has 4 CPUs') },
    ]);
  });
});
