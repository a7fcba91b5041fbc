import type { Problem } from '../../contract/problem';
import type { Run } from '../../contract/run';
import type { Schedule } from '../../contract/schedule';
import { apiSuite } from './api-suite';

const suite = apiSuite();
beforeAll(async () => {
  for (const attempts of [3, 4]) await putPolicy('named', attempts);
});

/** The next version of a policy. */
async function putPolicy(name: string, attempts: number): Promise<void> {
  await suite.api.services.policies.put({ name, description: 'Of a test.', policy: { retries: { attempts } } });
}

/** What the workflow of a run was started with. */
async function inputOf(runId: string): Promise<unknown> {
  const { events } = await suite.temporal.client.workflow.getHandle(runId).fetchHistory();
  const [payload] = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads!;
  return JSON.parse(Buffer.from(payload!.data!).toString());
}

const submit = (body: object, headers: Record<string, string> = {}) =>
  suite.api.post('/v1/runs', { image: 'trainyard/test:1', ...body }, headers);

describe('a run that names a policy', () => {
  test.each([
    ['by its name', 'named', 'named@2'],
    ['by a version', 'named@1', 'named@1'],
    [
      'below fields of its own',
      { use: 'named', retries: { delay: '1s' } },
      { use: 'named@2', retries: { delay: '1s' } },
    ],
  ])('%s is started with the version that was checked', async (_, policy, pinned) => {
    const response = await submit({ policy });

    const run = response.json<Run>();
    expect(response.statusCode).toBe(202);
    expect(await inputOf(run.id)).toEqual({ image: 'trainyard/test:1', policy: pinned });
    const { spec, policy: shown } = (await suite.api.get(`/v1/runs/${run.id}`)).json();
    expect(shown).toBe(spec.policy.from);
    expect(JSON.stringify(pinned)).toContain(shown);
  });

  test('is started as it was sent where it names none', async () => {
    const run = (await submit({ policy: { retries: { attempts: 2 } } })).json<Run>();

    expect(run.policy).toBeNull();
    expect(await inputOf(run.id)).toEqual({ image: 'trainyard/test:1', policy: { retries: { attempts: 2 } } });
  });

  test('is the same run for the same key, whatever became of the policy since', async () => {
    await putPolicy('keyed', 2);
    const headers = { 'idempotency-key': 'policy' };
    const first = (await submit({ policy: 'keyed' }, headers)).json<Run>();
    await putPolicy('keyed', 3);
    const second = await submit({ policy: 'keyed' }, headers);

    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.json()).toMatchObject({ id: first.id, policy: 'keyed@1' });
    expect((await submit({ policy: 'keyed@1' }, headers)).statusCode).toBe(422);
  });

  test('is the same run for the same key also where Temporal has forgotten it', async () => {
    await putPolicy('forgotten', 2);
    const headers = { 'idempotency-key': 'policy long ago' };
    const { id } = (await submit({ policy: 'forgotten' }, headers)).json<Run>();
    await putPolicy('forgotten', 3);
    const { temporal: gateway } = suite.api.services;
    const runs = { ...gateway.runs, submissionHash: async () => undefined };
    const later = await suite.api.again({ temporal: { ...gateway, runs } });
    const send = (policy: string) => later.post('/v1/runs', { image: 'trainyard/test:1', policy }, headers);

    expect((await send('forgotten')).json()).toMatchObject({ id, policy: 'forgotten@1' });
    expect((await send('forgotten@2')).statusCode).toBe(422);
  });
});

test('a schedule keeps the name without a version, for each run to find the newest', async () => {
  await putPolicy('nightly', 2);
  const run = { image: 'trainyard/test:1', policy: 'nightly' };
  const made = await suite.api.post('/v1/schedules', { name: 'policy', every: '1d', run });

  expect(made.statusCode).toBe(201);
  expect((await suite.api.get('/v1/schedules/policy')).json<Schedule>().run).toEqual(run);
});

test('a store that does not answer refuses a run that names a policy, and no other', async () => {
  const { policies } = suite.api.services;
  const away = Object.assign(new Error('away'), { problem: 'away', mend: 'wait' });
  const broken = await suite.api.again({ policies: { ...policies, find: async () => Promise.reject(away) } });
  const named = await broken.post('/v1/runs', { image: 'trainyard/test:1', policy: 'named' });

  expect(named.statusCode).toBe(503);
  expect(named.json<Problem>().type).toContain('store-unavailable');
  expect((await broken.post('/v1/runs', { image: 'trainyard/test:1' })).statusCode).toBe(202);
});
