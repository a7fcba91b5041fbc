import { Context } from '@temporalio/activity';

import type { RunDetail } from '../../contract/http';
import type { Problem } from '../../contract/problem';
import type { Run, RunEvent } from '../../contract/run';
import { deferred, type Deferred } from '../helpers/deferred';
import { type Activities, fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';
import { testApi, type TestApi } from './test-api';

const suite = workflowSuite();
let api: TestApi;
let ends: Deferred<void>;

beforeAll(async () => {
  api = await testApi({ temporal: suite.env.address });
});
afterAll(async () => api?.close());
beforeEach(() => {
  ends = deferred();
});

/** A host whose containers run until the test lets them end, and which reports to the store of the API. */
const host = (): Activities =>
  fakeHost({
    recordRun: async (update) => api.services.runStore.applyUpdate(update),
    followContainer: async () => {
      const { cancelled, heartbeat } = Context.current();
      const beat = setInterval(() => heartbeat(), 200);
      return Promise.race([ends.promise.then(() => GOOD_OUTCOME), cancelled]).finally(() => clearInterval(beat));
    },
  }).activities;

const submit = async () =>
  (await api.post('/v1/runs', { image: 'trainyard/test:1', labels: { team: 'vision' } })).json<Run>().id;
const look = async (id: string) => (await api.get(`/v1/runs/${id}`)).json<RunDetail>();
const reached = async (id: string, state: Run['state']) => until(async () => (await look(id)).state === state);
const patch = (id: string, payload: object) =>
  api.request({
    method: 'PATCH',
    url: `/v1/runs/${id}`,
    payload: JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });

describe('PATCH /v1/runs/{id}', () => {
  test('changes a run that goes on, answers with it, and shows it in lists and events', async () => {
    const id = await submit();
    await suite.withWorkers(host(), async () => {
      await reached(id, 'running');
      const change = {
        policy: { timeouts: { running: '20h', silence: '1h' } },
        labels: { kept: 'yes' },
        priority: 80,
        by: 'ada',
      };
      const response = await patch(id, change);
      expect(response.statusCode).toBe(200);
      expect(response.json<RunDetail>()).toMatchObject({
        id,
        state: 'running',
        labels: { team: 'vision', kept: 'yes' },
        priority: 80,
        spec: { policy: { timeouts: { running: '20h', silence: '1h', total: '36h' } } },
      });
      await until(async () => (await look(id)).spec?.policy?.timeouts?.running === '20h');
      const { items } = (await api.get('/v1/runs?label=kept:yes')).json<{ items: Run[] }>();
      expect(items.map((run) => run.id)).toEqual([id]);
      const { items: events } = (await api.get(`/v1/runs/${id}/events`)).json<{ items: RunEvent[] }>();
      expect(events.at(-1)).toMatchObject({
        type: 'changed',
        message: expect.stringMatching(/^Changed by ada: .*priority: 50 → 80/),
      });
      ends.resolve();
      await reached(id, 'succeeded');
    });
  });

  test('that does not fit the run as it stands answers 409 and names the field', async () => {
    const id = await submit();
    await suite.withWorkers(host(), async () => {
      await reached(id, 'running');
      const response = await patch(id, { policy: { timeouts: { total: '1ms' } } });
      expect(response.statusCode).toBe(409);
      expect(response.json<Problem>()).toMatchObject({
        type: 'urn:trainyard:problem:change-refused',
        errors: expect.arrayContaining([
          { path: 'policy.timeouts.total', message: expect.stringContaining('must be more than the') },
        ]),
      });
      expect((await look(id)).spec?.policy?.timeouts?.total).toBe('36h');
      ends.resolve();
      await reached(id, 'succeeded');
    });
    const late = await patch(id, { labels: { a: 'b' } });
    expect([late.statusCode, late.json<Problem>().detail]).toEqual([
      409,
      `The run "${id}" has already succeeded; there is nothing to change.`,
    ]);
  });

  test.each([
    [{ priority: 101 }, 'priority', 'must be at most 100'],
    [{ image: 'other:1' }, 'image', 'stays as it was submitted'],
    [{ policy: { timeouts: { running: 'long' } } }, 'policy.timeouts.running', 'write a duration'],
    [{}, '', 'names nothing to change'],
  ])('refuses %j before anybody is asked', async (payload, path, message) => {
    const response = await patch('any', payload);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  test('of a run that nobody knows answers 404', async () => {
    expect((await patch('none', { labels: { a: 'b' } })).statusCode).toBe(404);
  });

  test('says that it may still be made where no worker confirms it, and it is made when one comes', async () => {
    const id = await submit();
    await suite.withWorkers(host(), async () => reached(id, 'running'));
    const response = await patch(id, { labels: { late: 'yes' } });
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json<Problem>()).toMatchObject({
      type: 'urn:trainyard:problem:change-unconfirmed',
      detail: expect.stringContaining('may still be made'),
    });
    await suite.withWorkers(host(), async () => {
      // Workers that have just begun may need longer than the answer can wait.
      await until(async () => (await patch(id, { labels: { later: 'yes' } })).statusCode === 200);
      await until(async () => (await look(id)).labels['later'] === 'yes');
      ends.resolve();
      await reached(id, 'succeeded');
    });
  });
});
