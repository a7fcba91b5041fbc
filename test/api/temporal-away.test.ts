import type { Problem } from '../../contract/problem';
import { queuedRun } from '../../api/services/admission';
import { specOf } from '../helpers/fake-host';
import { NO_TEMPORAL, testApi, type TestApi } from './test-api';

let api: TestApi;

beforeAll(async () => {
  api = await testApi({ temporal: NO_TEMPORAL });
  const spec = specOf({ image: 'trainyard/test:1' });
  await api.services.runStore.insertQueued(
    queuedRun('known', { spec, recipe: null, submission: {}, pinned: {} }, new Date()),
    spec,
  );
});
afterAll(async () => api.close());

test.each([
  ['POST', '/v1/runs', { image: 'trainyard/test:1' }],
  ['POST', '/train', { epochs: 3 }],
  ['POST', '/v1/runs/known/cancel', {}],
  ['POST', '/v1/runs/known/suspend', {}],
  ['POST', '/v1/runs/known/resume', {}],
  ['DELETE', '/train/known', undefined],
  ['POST', '/v1/schedules', { name: 'a', every: '1h', run: { image: 'trainyard/test:1' } }],
  ['GET', '/v1/schedules', undefined],
  ['GET', '/v1/runs/unknown', undefined],
] as const)('%s %s answers 503 within seconds and says when to try again', async (method, url, body) => {
  const began = Date.now();
  const response = await api.request({
    method,
    url,
    ...(body ? { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  });

  expect(response.statusCode).toBe(503);
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  expect(response.json<Problem>().detail).toContain(NO_TEMPORAL);
  expect(Date.now() - began).toBeLessThan(20_000);
});

test('nothing of a refused submission is kept', async () => {
  await api.post('/v1/runs', { name: 'half-made', image: 'trainyard/test:1' });

  const list = await api.get('/v1/runs?text=half-made');
  expect(list.json()).toEqual({ items: [], next: null });
});

test('what is known is still shown', async () => {
  expect((await api.get('/v1/runs')).json<{ items: unknown[] }>().items).toHaveLength(1);
  expect((await api.get('/v1/runs/known')).statusCode).toBe(200);
  expect((await api.get('/v1/runs/known/logs')).statusCode).toBe(200);
  expect((await api.get('/stats')).json()).toMatchObject({ total: 1, byState: { queued: 1 } });
});

test('GET /health answers 503 and tells which part is away', async () => {
  const response = await api.get('/health');

  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({
    status: 'down',
    parts: { temporal: { ok: false }, store: { ok: true }, hosts: { ok: false } },
  });
});
