import { MEMO } from '../../contract/names';
import { type Problem, problemKind } from '../../contract/problem';
import type { Attempt, Run } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { specOf } from '../helpers/fake-host';
import { sampleAttempt, sampleRun } from '../store/sample-run';
import { apiSuite } from './api-suite';

const suite = apiSuite();

const DIGEST = `sha256:${'a'.repeat(64)}`;
const SPEC: RunSpec = {
  ...specOf({
    name: 'digits',
    image: 'trainyard/digits:1',
    command: ['python3', 'train.py', '{{params.epochs}}'],
    params: { epochs: 3, batch_size: 16 },
    labels: { team: 'vision' },
  }),
  env: { OMP_NUM_THREADS: '1' },
};

let count = 0;
/** Puts a run into the store as a workflow that is long forgotten would have told it. */
async function stored(run: Partial<Run> = {}, attempts: Attempt[] = [], spec: RunSpec | null = SPEC): Promise<string> {
  const id = `old-${(count += 1)}`;
  const told = sampleRun({ id, name: 'digits', state: 'succeeded', image: 'trainyard/digits:1', ...run });
  await suite.api.services.runStore.applyUpdate({
    revision: 1,
    run: told,
    attempts,
    events: [],
    ...(spec && { spec }),
  });
  return id;
}

const rerun = (id: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  suite.api.post(`/v1/runs/${id}/rerun`, body, headers);
const specOfRun = async (id: string): Promise<RunSpec> =>
  (await suite.api.get(`/v1/runs/${id}`)).json<{ spec: RunSpec }>().spec;
const describeWorkflow = (id: string) => suite.temporal.client.workflow.getHandle(id).describe();

describe('POST /v1/runs/{id}/rerun', () => {
  test('answers 202 with a new run of the same spec, and where it can be watched', async () => {
    const id = await stored();
    const response = await rerun(id);

    const run = response.json<Run>();
    expect(response.statusCode).toBe(202);
    expect(response.headers['location']).toBe(`/v1/runs/${run.id}`);
    expect(run).toMatchObject({ state: 'queued', rerunOf: id, params: SPEC.params, schedule: null });
    expect(run.id).toMatch(/^digits-[a-z2-7]{8}$/);
    expect(await specOfRun(run.id)).toEqual(SPEC);
  });

  test('needs no body', async () => {
    const response = await suite.api.request({ method: 'POST', url: `/v1/runs/${await stored()}/rerun` });

    expect(response.statusCode).toBe(202);
  });

  test('puts changes over the spec: maps into its maps, anything else in place of what it has', async () => {
    const changes = {
      name: 'longer',
      command: ['true'],
      params: { epochs: 5 },
      env: { LANG: 'C' },
      policy: { retries: { attempts: 4 } },
    };
    const { id } = (await rerun(await stored(), { changes })).json<Run>();

    expect(await specOfRun(id)).toEqual({
      ...SPEC,
      name: 'longer',
      command: ['true'],
      params: { epochs: 5, batch_size: 16 },
      env: { OMP_NUM_THREADS: '1', LANG: 'C' },
      policy: { ...SPEC.policy, retries: { ...SPEC.policy.retries, attempts: 4 } },
    });
  });

  test('takes changes as YAML', async () => {
    const type = { 'content-type': 'application/yaml' };
    const response = await rerun(await stored(), 'changes:\n  params: { epochs: 7 }\n', type);

    expect(response.json<Run>().params).toEqual({ epochs: 7, batch_size: 16 });
  });

  test('of a run of a recipe shows the recipe, and has the spec of the run and not of the recipe as it is today', async () => {
    const response = await rerun(await stored({ recipe: 'digits' }), { by: 'ada' });

    const { id, ...run } = response.json<Run>();
    expect(run.recipe).toBe('digits');
    expect((await specOfRun(id)).command).toEqual(SPEC.command);
    const { memo, typedSearchAttributes, staticDetails } = await describeWorkflow(id);
    expect(memo).toMatchObject({ [MEMO.recipe]: 'digits', [MEMO.by]: 'ada' });
    expect(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toContainEqual([
      'RunRecipe',
      'digits',
    ]);
    expect(await staticDetails()).toContain(`- rerun of ${run.rerunOf}\n`);
  });

  test('is found by the run that it repeats', async () => {
    const id = await stored();
    const first = (await rerun(id)).json<Run>();
    const second = (await rerun(id)).json<Run>();

    const { items } = (await suite.api.get(`/v1/runs?rerunOf=${id}`)).json<{ items: Run[] }>();
    expect(items.map((run) => run.id).toSorted()).toEqual([first.id, second.id].toSorted());
  });

  test('may repeat a run that goes on, and one that was a rerun itself', async () => {
    const { id } = (await rerun(await stored({ state: 'running' }))).json<Run>();
    const again = await rerun(id);

    expect(again.statusCode).toBe(202);
    expect(again.json<Run>().rerunOf).toBe(id);
  });

  test('answers every fault at once, with the path of each change', async () => {
    const changes = {
      image: 'NOT AN IMAGE',
      recipe: 'digits',
      resources: { memory: 'lots' },
      params: { epohcs: 5 },
      command: ['{{params.nothing}}'],
    };
    const response = await rerun(await stored({ recipe: 'digits' }), { exact: 'yes', changes, of: 'x' });

    const problem = response.json<Problem>();
    expect(response.statusCode).toBe(400);
    expect(problem.errors!.map(({ path }) => path).toSorted()).toEqual([
      'changes.command[0]',
      'changes.image',
      'changes.params.epohcs',
      'changes.recipe',
      'changes.resources.memory',
      'exact',
      'of',
    ]);
    expect(problem.errors).toContainEqual({
      path: 'changes.params.epohcs',
      message: 'the run was made from the recipe "digits", which had no parameter "epohcs"; did you mean `epochs`?',
    });
  });

  test.each<[string, unknown, string]>([
    ['a body that is no object', [], ''],
    ['changes that are no object', { changes: 'epochs=5' }, 'changes'],
    ['changes that are nested without end', { changes: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) }, ''],
    ['a policy that there is not', { changes: { policy: { timeouts: { running: '99d' } } } }, ''],
  ])('refuses %s', async (_, body, path) => {
    const response = await rerun(await stored(), body);

    const [fault] = response.json<Problem>().errors!;
    expect(response.statusCode).toBe(400);
    if (path === '') expect(fault!.path).toMatch(Array.isArray(body) ? /^$/ : /^changes\./);
    else expect(fault!.path).toBe(path);
  });

  test('of a run that there is not answers 404, and of one whose spec was refused 409 with the mend', async () => {
    const refused = await rerun(await stored({ state: 'failed', reason: 'invalid-spec' }, [], null));

    expect((await rerun('nobody')).statusCode).toBe(404);
    expect(refused.statusCode).toBe(409);
    expect(problemKind(refused.json<Problem>().type)).toBe('not-repeatable');
    expect(refused.json<Problem>().detail).toContain('Submit a new run with POST /v1/runs');
  });
});

describe('an exact rerun', () => {
  const attempts = [sampleAttempt({ imageDigest: DIGEST })];

  test('runs the image by its digest, and nothing else is another', async () => {
    const { id } = (await rerun(await stored({}, attempts), { exact: true })).json<Run>();

    expect(await specOfRun(id)).toEqual({ ...SPEC, image: `trainyard/digits@${DIGEST}` });
  });

  test('changes nothing', async () => {
    const response = await rerun(await stored({}, attempts), { exact: true, changes: { params: { epochs: 5 } } });

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors).toEqual([
      {
        path: 'changes',
        message: 'an exact rerun changes nothing; leave the changes out, or leave `exact` out',
      },
    ]);
  });

  test('of a run that never had an image answers 409 with the mend', async () => {
    const response = await rerun(await stored({ state: 'queued' }), { exact: true });

    expect(response.statusCode).toBe(409);
    expect(response.json<Problem>().detail).toContain('Leave `exact` out to run trainyard/digits:1 as it is now.');
  });
});

describe('an Idempotency-Key', () => {
  test('gives the same rerun again, and says so', async () => {
    const id = await stored();
    const headers = { 'idempotency-key': 'rerun' };
    const body = { changes: { params: { epochs: 5 } } };
    const first = await rerun(id, body, headers);
    const second = await rerun(id, body, headers);

    expect(second.json<Run>().id).toBe(first.json<Run>().id);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect((await rerun(id, { changes: { params: { epochs: 6 } } }, headers)).statusCode).toBe(422);
    expect((await rerun(await stored(), body, headers)).statusCode).toBe(422);
  });

  test('is not the same for a submission of the same spec', async () => {
    const id = await stored();
    const headers = { 'idempotency-key': 'both' };
    await rerun(id, {}, headers);

    expect((await suite.api.post('/v1/runs', SPEC, headers)).statusCode).toBe(422);
  });

  test('gives the same exact rerun, though the run has another image meanwhile', async () => {
    const id = await stored({ state: 'running' }, [sampleAttempt({ imageDigest: DIGEST })]);
    const headers = { 'idempotency-key': 'exact' };
    const first = await rerun(id, { exact: true }, headers);
    const other = sampleAttempt({ number: 2, imageDigest: `sha256:${'c'.repeat(64)}` });
    const { run } = (await suite.api.services.runStore.getRun(id))!;
    await suite.api.services.runStore.applyUpdate({ revision: 2, run, attempts: [other], events: [] });
    const second = await rerun(id, { exact: true }, headers);

    expect(second.json<Run>().id).toBe(first.json<Run>().id);
  });
});
