import { queuedRun } from '../../api/services/admission';
import { MEMO } from '../../contract/names';
import { type Problem, problemKind } from '../../contract/problem';
import type { Run } from '../../contract/run';
import { validateSpec } from '../../contract/validate-spec';
import { apiSuite } from './api-suite';
import { RECIPES } from './test-api';

const suite = apiSuite();

const SUBMISSION = { name: 'Digits MLP', image: 'trainyard/digits:1', labels: { team: 'vision' } };

const submit = (body: unknown, headers: Record<string, string> = {}) => suite.api.post('/v1/runs', body, headers);
const describeWorkflow = (id: string) => suite.temporal.client.workflow.getHandle(id).describe();

describe('POST /v1/runs', () => {
  test('answers 202 with the run, and with where it can be watched', async () => {
    const response = await submit(SUBMISSION);

    const run = response.json<Run>();
    expect(response.statusCode).toBe(202);
    expect(run).toMatchObject({ name: 'Digits MLP', state: 'queued', reason: null, attempt: 0, exitCode: null });
    expect(run.id).toMatch(/^digits-mlp-[a-z2-7]{8}$/);
    expect(response.headers['location']).toBe(`/v1/runs/${run.id}`);
    expect((await suite.api.get(`/v1/runs/${run.id}`)).json()).toMatchObject({
      ...run,
      attempts: [],
      spec: SUBMISSION,
    });
  });

  test('has started the workflow that Temporal shows readably', async () => {
    const { id } = (await submit({ recipe: 'digits', params: { epochs: 3 } })).json<Run>();

    const description = await describeWorkflow(id);
    expect(description).toMatchObject({ type: 'runWorkflow', taskQueue: 'trainyard', status: { name: 'RUNNING' } });
    expect(description.memo?.[MEMO.submissionHash]).toMatch(/^[0-9a-f]{64}$/);
    expect(await description.staticSummary()).toBe('digits · trainyard/digits:1');
    expect(await description.staticDetails()).toMatch(
      /^\*\*digits\*\*\n\n- image `trainyard\/digits:1`\n(- .*\n)*- epochs: 3\n/,
    );
    const attributes = description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    expect(attributes).toEqual(
      expect.arrayContaining([
        ['RunState', 'queued'],
        ['RunName', 'digits'],
        ['RunRecipe', 'digits'],
      ]),
    );
  });

  test.each(['application/yaml', 'application/x-yaml', 'text/yaml; charset=utf-8'])('takes %s', async (type) => {
    const response = await submit('image: trainyard/digits:1\nresources:\n  memory: 4g\n', { 'content-type': type });

    expect(response.statusCode).toBe(202);
  });

  test('answers 202 although the store fails once Temporal has the run', async () => {
    const broken = await suite.api.again({});
    broken.services.runStore.insertQueued = async () => Promise.reject(new Error('the disk is gone'));
    const response = await broken.post('/v1/runs', SUBMISSION);

    const { id } = response.json<Run>();
    expect(response.statusCode).toBe(202);
    expect((await describeWorkflow(id)).status.name).toBe('RUNNING');
    expect(broken.logged).toContainEqual(expect.objectContaining({ level: 40, runId: id }));
  });

  test('gives each submission without a key a run of its own', async () => {
    const runs = await Promise.all([submit(SUBMISSION), submit(SUBMISSION), submit(SUBMISSION)]);

    expect(new Set(runs.map((response) => response.json<Run>().id)).size).toBe(3);
  });
});

describe('an Idempotency-Key', () => {
  test('gives the same run again, and says so', async () => {
    const headers = { 'idempotency-key': 'nightly 2026-01-01' };
    const first = await submit(SUBMISSION, headers);
    // The order of the fields is not the caller's to keep.
    const second = await submit(Object.fromEntries(Object.entries(SUBMISSION).toReversed()), headers);

    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.statusCode).toBe(202);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.json<Run>().id).toBe(first.json<Run>().id);
    expect(second.headers['location']).toBe(first.headers['location']);
  });

  test('starts one run however many requests come at once, to however many servers', async () => {
    const other = await suite.api.again();
    const headers = { 'idempotency-key': 'at-once' };
    const responses = await Promise.all(
      Array.from({ length: 16 }, (_, index) => (index % 2 ? suite.api : other).post('/v1/runs', SUBMISSION, headers)),
    );

    expect(new Set(responses.map((response) => response.statusCode))).toEqual(new Set([202]));
    expect(new Set(responses.map((response) => response.json<Run>().id)).size).toBe(1);
    expect(responses.filter((response) => response.headers['idempotency-replayed'] === undefined)).toHaveLength(1);
  });

  test('that was used for another submission answers 422 and names the run', async () => {
    const headers = { 'idempotency-key': 'one' };
    const { id } = (await submit(SUBMISSION, headers)).json<Run>();
    const response = await submit({ ...SUBMISSION, name: 'another' }, headers);

    expect(response.statusCode).toBe(422);
    expect(problemKind(response.json<Problem>().type)).toBe('idempotency-key-reused');
    expect(response.json<Problem>().detail).toContain(id);
  });

  test('holds after a restart', async () => {
    const headers = { 'idempotency-key': 'restart' };
    const first = await submit(SUBMISSION, headers);
    const second = await (await suite.api.again()).post('/v1/runs', SUBMISSION, headers);

    expect(second.json<Run>().id).toBe(first.json<Run>().id);
  });

  test('holds where the store has lost the run', async () => {
    const headers = { 'idempotency-key': 'lost' };
    const forgetful = await suite.api.again();
    forgetful.services.runStore.insertQueued = async () => {};
    const first = await forgetful.post('/v1/runs', SUBMISSION, headers);
    const second = await submit(SUBMISSION, headers);
    const other = await submit({ ...SUBMISSION, name: 'other' }, headers);

    expect(second.statusCode).toBe(202);
    expect(second.json<Run>().id).toBe(first.json<Run>().id);
    expect(other.statusCode).toBe(422);
  });

  test('holds where Temporal has forgotten the run', async () => {
    const headers = { 'idempotency-key': 'long ago' };
    const { id } = (await submit(SUBMISSION, headers)).json<Run>();
    const { temporal: gateway } = suite.api.services;
    const start = jest.fn(gateway.runs.start);
    const runs = { ...gateway.runs, start, submissionHash: async () => undefined };
    const later = await suite.api.again({ temporal: { ...gateway, runs } });

    const same = await later.post('/v1/runs', SUBMISSION, headers);
    const other = await later.post('/v1/runs', { ...SUBMISSION, name: 'other' }, headers);

    expect(same.statusCode).toBe(202);
    expect(same.headers['idempotency-replayed']).toBe('true');
    expect(same.json<Run>().id).toBe(id);
    expect(other.statusCode).toBe(422);
    expect(start).not.toHaveBeenCalled();
  });

  test('is kept for POST /train as well', async () => {
    const headers = { 'idempotency-key': 'train' };
    const first = await suite.api.post('/train', { epochs: 3 }, headers);
    const second = await suite.api.post('/train', { epochs: 3 }, headers);
    const other = await suite.api.post('/train', { epochs: 4 }, headers);

    expect(second.json<{ task_id: string }>().task_id).toBe(first.json<{ task_id: string }>().task_id);
    expect(other.statusCode).toBe(422);
  });
});

describe('POST /train', () => {
  test('starts the default recipe and answers 202 with the task', async () => {
    const response = await suite.api.post('/train', { epochs: 3, batch_size: 16 });

    const task = response.json<{ task_id: string; links: Record<string, string> }>();
    expect(response.statusCode).toBe(202);
    expect(task).toMatchObject({ status: 'queued', recipe: 'digits', params: { epochs: 3, batch_size: 16 } });
    expect(response.headers['location']).toBe(`/train/${task.task_id}`);
    expect((await suite.api.get(task.links['self']!)).json()).toMatchObject({ status: 'queued', metrics: null });
    expect((await suite.api.get(task.links['run']!)).statusCode).toBe(200);
  });

  test('takes no body for the defaults of the recipe', async () => {
    const response = await suite.api.request({ method: 'POST', url: '/train' });

    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ params: { epochs: 10, batch_size: 32 } });
  });
});

test('a run that is in the list but has no workflow any more cannot be cancelled', async () => {
  const checked = validateSpec({ image: 'trainyard/digits:1' });
  if (checked.faults) throw new Error('the spec is good');
  const admission = { spec: checked.spec, recipe: null, submission: {}, pinned: {} };
  await suite.api.services.runStore.insertQueued(queuedRun('orphan', admission, new Date()), checked.spec);
  const response = await suite.api.post('/v1/runs/orphan/cancel', {});

  expect(response.statusCode).toBe(409);
  expect(response.json<Problem>().detail).toMatch(/no workflow/);
});

test('health tells that Temporal is well and that nobody works', async () => {
  const response = await suite.api.get('/health');

  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({
    status: 'degraded',
    parts: { temporal: { ok: true }, store: { ok: true }, workers: { ok: false }, hosts: { ok: false } },
  });
});

test('recipes are listed and shown', async () => {
  expect((await suite.api.get('/v1/recipes')).json()).toEqual({ items: [...RECIPES.values()], next: null });
  expect((await suite.api.get('/v1/recipes/digits')).json()).toEqual(RECIPES.get('digits'));
});
