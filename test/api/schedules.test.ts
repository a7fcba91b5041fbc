import type { Problem } from '../../contract/problem';
import { MEMO } from '../../contract/names';
import { type Schedule, ScheduleSchema, type ScheduleSummary } from '../../contract/schedule';
import { checkShape } from '../../contract/validate-shape';
import { until } from '../helpers/until';
import { apiSuite } from './api-suite';

const suite = apiSuite();

const RUN = { recipe: 'digits', params: { epochs: 2 } };

const create = (body: object) => suite.api.post('/v1/schedules', { run: RUN, ...body });
const act = (name: string, action: string, body: object = {}) =>
  suite.api.post(`/v1/schedules/${name}/${action}`, body);
const look = async (name: string) => (await suite.api.get(`/v1/schedules/${name}`)).json<Schedule>();
const workflow = (id: string) => suite.temporal.client.workflow.getHandle(id);

describe('POST /v1/schedules', () => {
  test('makes one by cron and time zone, and answers with its next times', async () => {
    const response = await create({ name: 'nightly', cron: '30 3 * * MON-FRI', timeZone: 'Europe/Berlin', note: 'hi' });

    const schedule = response.json<Schedule>();
    expect(response.statusCode).toBe(201);
    expect(response.headers['location']).toBe('/v1/schedules/nightly');
    expect(schedule).toMatchObject({
      name: 'nightly',
      cron: '30 3 * * MON-FRI',
      timeZone: 'Europe/Berlin',
      run: RUN,
      overlap: 'skip',
      catchUpWindow: '1h',
      paused: false,
      note: 'hi',
      recentRuns: [],
      runningRuns: [],
    });
    expect(schedule.nextTimes).toHaveLength(10);
    for (const time of schedule.nextTimes) expect(berlin(time)).toMatch(/^(Mon|Tue|Wed|Thu|Fri),? 03:30$/);
    expect(checkShape(ScheduleSchema, schedule).filter(({ message }) => !/text/.test(message))).toEqual([]);
  });

  test.each([
    ['by a word', { cron: '@daily', timeZone: 'UTC' }],
    ['by an interval', { every: '6h', offset: '15m' }],
    ['that is paused', { every: '90s', paused: true }],
    ['with settings', { every: '1d', overlap: 'cancel-other', catchUpWindow: '10m' }],
  ])('makes one %s and gives it back as it was written', async (_how, timing) => {
    const name = `given-${JSON.stringify(timing)
      .replace(/[^a-z0-9]/gi, '')
      .toLowerCase()}`;
    await create({ name, ...timing });

    expect(await look(name)).toMatchObject(timing);
  });

  test('counts an interval with its offset', async () => {
    const { nextTimes } = (await create({ name: 'quarter', every: '1h', offset: '15m' })).json<Schedule>();

    expect(new Set(nextTimes.map((time) => time.slice(14, 19)))).toEqual(new Set(['15:00']));
  });

  test('refuses a name that is taken with 409', async () => {
    await create({ name: 'taken', every: '1h' });
    const response = await create({ name: 'taken', every: '2h' });

    expect(response.statusCode).toBe(409);
    expect((await look('taken')).every).toBe('1h');
  });

  test.each<[string, object, string]>([
    ['a bad name', { name: 'Nightly!', every: '1h' }, 'name'],
    ['no timing', { name: 'x' }, ''],
    ['two timings', { name: 'x', every: '1h', cron: '@daily', timeZone: 'UTC' }, ''],
    ['four fields', { name: 'x', cron: '0 3 * *', timeZone: 'UTC' }, 'cron'],
    ['a minute that there is not', { name: 'x', cron: '61 3 * * *', timeZone: 'UTC' }, 'cron'],
    ['a date that no year has', { name: 'x', cron: '0 3 31 2 *', timeZone: 'UTC' }, 'cron'],
    ['dates that no year has', { name: 'x', cron: '0 3 31 FEB,APR MON', timeZone: 'UTC' }, 'cron'],
    ['seconds', { name: 'x', cron: '0 0 3 * * *', timeZone: 'UTC' }, 'cron'],
    ['cron without a time zone', { name: 'x', cron: '@daily' }, 'timeZone'],
    ['a time zone that there is not', { name: 'x', cron: '@daily', timeZone: 'Berlin' }, 'timeZone'],
    ['an offset from UTC as a time zone', { name: 'x', cron: '@daily', timeZone: '+02:00' }, 'timeZone'],
    ['a time zone in the wrong case', { name: 'x', cron: '@daily', timeZone: 'europe/berlin' }, 'timeZone'],
    ['a time zone beside an interval', { name: 'x', every: '1h', timeZone: 'UTC' }, 'timeZone'],
    ['half seconds', { name: 'x', every: '1500ms' }, 'every'],
    ['an offset over the interval', { name: 'x', every: '1h', offset: '1h' }, 'offset'],
    ['an offset of a cron', { name: 'x', cron: '@daily', timeZone: 'UTC', offset: '1h' }, 'offset'],
    ['an overlap that would leave containers', { name: 'x', every: '1h', overlap: 'terminate-other' }, 'overlap'],
    ['a short catch-up window', { name: 'x', every: '1h', catchUpWindow: '5s' }, 'catchUpWindow'],
    ['an unknown field', { name: 'x', every: '1h', jitter: '5s' }, 'jitter'],
    ['a bad run', { name: 'x', every: '1h', run: { recipe: 'digits', params: { epochs: 0 } } }, 'run.params.epochs'],
    ['no run', { name: 'x', every: '1h', run: undefined }, 'run'],
    ['an unknown recipe', { name: 'x', every: '1h', run: { recipe: 'nope' } }, 'run.recipe'],
  ])('answers 400 with the path to %s', async (_what, body, path) => {
    const response = await create(body);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors?.map((fault) => fault.path)).toEqual([path]);
  });
});

describe('a schedule', () => {
  test('starts runs that are runs like any other and name it', async () => {
    await create({ name: 'triggered', every: '1d', paused: true });
    expect((await act('triggered', 'trigger')).statusCode).toBe(202);
    const { runningRuns, recentRuns } = await until(async () => {
      const schedule = await look('triggered');
      return schedule.runningRuns.length > 0 && schedule;
    });

    const [id] = runningRuns as [string];
    expect(id).toMatch(/^triggered-\d{4}-\d\d-\d\dT/);
    expect(recentRuns).toEqual([expect.objectContaining({ runId: id })]);
    const description = await workflow(id).describe();
    expect(description).toMatchObject({ type: 'runWorkflow', taskQueue: 'trainyard' });
    expect(description.memo).toMatchObject({ [MEMO.schedule]: 'triggered' });
    const attributes = description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    expect(attributes).toContainEqual(['RunSchedule', 'triggered']);
    expect(attributes).toContainEqual(['RunRecipe', 'digits']);
    expect(await description.staticSummary()).toBe('digits · trainyard/digits:1');
  });

  test('says that a trigger would be left out while a run is going on', async () => {
    await create({ name: 'busy', every: '1d', paused: true });
    await act('busy', 'trigger');
    const [running] = (
      await until(async () => {
        const schedule = await look('busy');
        return schedule.runningRuns.length > 0 && schedule;
      })
    ).recentRuns;
    const refused = await act('busy', 'trigger');
    // The id of a run has the second that it is meant for.
    await until(() => new Date().toISOString().slice(0, 19) > running!.scheduledAt.slice(0, 19));
    const forced = await act('busy', 'trigger', { overlap: 'allow-all' });

    expect(refused.statusCode).toBe(409);
    expect(refused.json<Problem>().detail).toContain(running!.runId);
    expect(forced.statusCode).toBe(202);
    await until(async () => (await look('busy')).recentRuns.length === 2);
  });

  test('starts runs by itself when it is time', async () => {
    await create({ name: 'soon', every: '1s', overlap: 'allow-all' });
    const { recentRuns } = await until(async () => {
      const schedule = await look('soon');
      return schedule.recentRuns.length > 1 && schedule;
    });
    await suite.api.request({ method: 'DELETE', url: '/v1/schedules/soon' });

    expect(new Set(recentRuns.map(({ runId }) => runId)).size).toBe(recentRuns.length);
    expect(recentRuns[0]!.scheduledAt > recentRuns[1]!.scheduledAt).toBe(true);
  });

  test('can be paused and let go on, with a note', async () => {
    await create({ name: 'pausable', every: '1h' });

    expect((await act('pausable', 'pause', { note: 'holidays' })).json()).toMatchObject({
      paused: true,
      note: 'holidays',
    });
    expect((await act('pausable', 'unpause')).json()).toMatchObject({ paused: false });
    expect((await act('pausable', 'pause', { because: 'x' })).statusCode).toBe(400);
  });

  test('can be replaced, and stays paused unless told otherwise', async () => {
    await create({ name: 'changing', every: '1h', paused: true, note: 'kept' });
    const replaced = await put('changing', { cron: '@weekly', timeZone: 'UTC', overlap: 'buffer-one', run: RUN });
    const unpaused = await put('changing', { every: '2h', paused: false, run: { ...RUN, params: { epochs: 9 } } });
    const refused = await put('changing', { every: '2h' });

    expect(replaced.json()).toMatchObject({ cron: '@weekly', overlap: 'buffer-one', paused: true, note: 'kept' });
    expect(replaced.json<Schedule>().every).toBeUndefined();
    expect(unpaused.json()).toMatchObject({
      every: '2h',
      overlap: 'skip',
      paused: false,
      run: { params: { epochs: 9 } },
    });
    expect(refused.statusCode).toBe(400);
  });

  test('can be deleted, and is then unknown', async () => {
    await create({ name: 'short-lived', every: '1h' });
    const response = await suite.api.request({ method: 'DELETE', url: '/v1/schedules/short-lived' });

    expect(response.statusCode).toBe(204);
    expect((await suite.api.get('/v1/schedules/short-lived')).statusCode).toBe(404);
  });

  test("stands in the list, where nobody else's does", async () => {
    await create({ name: 'listed', cron: '0 5 * * *', timeZone: 'Asia/Tokyo' });
    await suite.temporal.client.schedule.create({
      scheduleId: 'schedule-of-others',
      spec: { intervals: [{ every: '1 hour' }] },
      action: { type: 'startWorkflow', workflowType: 'other', taskQueue: 'other' },
    });
    const listed = await until(async () => {
      const { items } = (await suite.api.get('/v1/schedules')).json<{ items: ScheduleSummary[] }>();
      return items.find(({ name, nextTimes }) => name === 'listed' && nextTimes.length > 0) && items;
    });

    expect(listed.find(({ name }) => name === 'listed')).toMatchObject({ cron: '0 5 * * *', timeZone: 'Asia/Tokyo' });
    await until(async () => {
      const { items } = (await suite.api.get('/v1/schedules')).json<{ items: ScheduleSummary[] }>();
      return items.every(({ name }) => name !== 'of-others');
    });
  });
});

test.each([
  ['GET', '/v1/schedules/none'],
  ['DELETE', '/v1/schedules/none'],
  ['POST', '/v1/schedules/none/pause'],
  ['POST', '/v1/schedules/none/unpause'],
  ['POST', '/v1/schedules/none/trigger'],
] as const)('%s %s answers 404', async (method, url) => {
  const response = await suite.api.request({ method, url });

  expect(response.statusCode).toBe(404);
  expect(response.json<Problem>().detail).toContain('"none"');
});

test('PUT of a schedule that there is not answers 404', async () => {
  expect((await put('none', { every: '1h', run: RUN })).statusCode).toBe(404);
});

async function put(name: string, body: object) {
  return suite.api.request({
    method: 'PUT',
    url: `/v1/schedules/${name}`,
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
}

function berlin(time: string): string {
  const options = { timeZone: 'Europe/Berlin', weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
  return new Date(time).toLocaleString('en-GB', options);
}
