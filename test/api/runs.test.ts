import { AttemptDetailSchema, PageSchema, RunDetailSchema, StatsSchema } from '../../contract/http';
import { type Run, type RunEvent, RunSchema } from '../../contract/run';
import { checkShape } from '../../contract/validate-shape';
import { specOf } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;

beforeAll(async () => {
  api = await testApi();
  const { runStore } = api.services;
  await storeRun(runStore, { id: 'a', createdAt: '2026-01-01T00:00:00.000Z', state: 'succeeded', reason: 'completed' });
  await storeRun(runStore, { id: 'b', createdAt: '2026-01-02T00:00:00.000Z', state: 'failed', reason: 'exit-code' });
  await storeRun(runStore, { id: 'c', createdAt: '2026-01-03T00:00:00.000Z', state: 'running', recipe: 'digits' });
  await storeRun(runStore, {
    id: 'd',
    createdAt: '2026-01-04T00:00:00.000Z',
    name: 'Nightly',
    schedule: 'nightly',
    labels: { team: 'vision', 'cost/centre': 'a:b,c' },
  });
});
afterAll(async () => api.close());

async function listed(query: string): Promise<{ ids: string[]; next: string | null }> {
  const response = await api.get(`/v1/runs?${query}`);
  const { items, next } = response.json<{ items: Run[]; next: string | null }>();
  return { ids: items.map(({ id }) => id), next };
}

describe('GET /v1/runs', () => {
  test.each([
    ['', ['d', 'c', 'b', 'a']],
    ['state=failed', ['b']],
    ['state=failed,succeeded', ['b', 'a']],
    ['state=failed&state=running', ['d', 'c', 'b']],
    ['recipe=digits', ['c']],
    ['schedule=nightly', ['d']],
    ['label=team:vision', ['d']],
    ['label=team:vision&label=cost/centre:a:b,c', ['d']],
    ['label=team:speech', []],
    ['text=NIGHT', ['d']],
    ['createdAfter=2026-01-02T12:00:00Z', ['d', 'c']],
    ['createdBefore=2026-01-02T12:00:00%2B00:00', ['b', 'a']],
  ])('with "%s" lists the runs that fit, the newest first', async (query, ids) => {
    expect(await listed(query)).toEqual({ ids, next: null });
  });

  test('goes on from page to page', async () => {
    const first = await listed('limit=3');
    const second = await listed(`limit=3&cursor=${encodeURIComponent(first.next!)}`);

    expect(first.ids).toEqual(['d', 'c', 'b']);
    expect(second).toEqual({ ids: ['a'], next: null });
  });
});

describe('GET /v1/runs/{id}', () => {
  test('shows the run with its attempts and its spec', async () => {
    const detail = (await api.get('/v1/runs/b')).json<Run & { attempts: unknown[]; spec: unknown }>();

    expect(detail).toMatchObject({ id: 'b', state: 'failed', reason: 'exit-code', exitCode: 3 });
    expect(detail.attempts).toEqual([expect.objectContaining({ number: 1, exitCode: 3 })]);
    expect(detail.spec).toEqual(specOf({ name: 'b' }));
  });

  test('lists the attempts alone as well', async () => {
    const { items, next } = (await api.get('/v1/runs/b/attempts')).json<{ items: unknown[]; next: null }>();

    expect(items).toEqual([expect.objectContaining({ number: 1, reason: 'exit-code', lastLines: [] })]);
    expect(next).toBeNull();
  });
});

describe('GET /v1/runs/{id}/events', () => {
  const events = async (query: string) =>
    (await api.get(`/v1/runs/b/events?${query}`)).json<{ items: RunEvent[]; next: string | null }>();

  test('lists them from the first one on', async () => {
    const { items, next } = await events('');

    expect(items.map(({ seq, state }) => [seq, state])).toEqual([
      [1, 'queued'],
      [2, 'running'],
      [3, 'failed'],
    ]);
    expect(next).toBeNull();
  });

  test('goes on after one', async () => {
    const first = await events('limit=2');
    const second = await events(`limit=2&after=${first.next}`);

    expect(first.next).toBe('2');
    expect(second.items.map(({ seq }) => seq)).toEqual([3]);
  });
});

test('GET /stats counts the runs', async () => {
  const stats = (await api.get('/stats')).json<Record<string, unknown>>();

  expect(stats).toMatchObject({ total: 4, byState: { succeeded: 1, failed: 1, running: 2 }, successRate: 0.5 });
});

test('GET /v1/hosts lists what hosts reported, and says that no pool has said more', async () => {
  const report = hostReport();
  await api.services.runStore.reportHost(report);

  expect((await api.get('/v1/hosts')).json()).toEqual({
    items: [
      { ...report, source: 'reports', state: 'ready', intent: 'none', used: null, free: null, runs: [], unleased: [] },
    ],
    next: null,
  });
  expect((await api.get('/health')).json()).toMatchObject({ parts: { hosts: { ok: true } } });
});

test.each([
  ['/v1/runs', PageSchema(RunSchema)],
  ['/v1/runs/b', RunDetailSchema],
  ['/v1/runs/b/attempts', PageSchema(AttemptDetailSchema)],
  ['/stats', StatsSchema],
])('%s keeps to the schema that it promises', async (url, schema) => {
  const faults = checkShape(schema, (await api.get(url)).json());

  // Formats are for readers: TypeBox knows none unless it is taught.
  expect(faults.filter(({ message }) => !/text/.test(message))).toEqual([]);
});

describe('a request id', () => {
  test('of the caller comes back and stands in the log', async () => {
    const response = await api.get('/v1/runs', { 'x-request-id': 'caller-7' });

    expect(response.headers['x-request-id']).toBe('caller-7');
    expect(api.logged).toContainEqual(expect.objectContaining({ reqId: 'caller-7', msg: 'request completed' }));
  });

  test('is made where there is none, or one that no log can bear', async () => {
    const none = await api.get('/v1/runs');
    const bad = await api.get('/v1/runs', { 'x-request-id': 'a b' });

    expect(none.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(bad.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is all that is told of a failure of ours', async () => {
    const broken = await api.again();
    broken.services.runStore.stats = async () => Promise.reject(new Error('secret of the house'));
    const response = await broken.get('/stats');

    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(response.json()).toMatchObject({ requestId: response.headers['x-request-id'] });
    expect(JSON.stringify(broken.logged)).toContain('secret of the house');
  });
});
