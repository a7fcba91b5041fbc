import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ApplicationFailure } from '@temporalio/common';

import { createControlActivities } from '../../activities/control-activities';
import { createDirectPool } from '../../activities/direct-pool';
import type { PoolClient } from '../../activities/pool-client';
import { specHash } from '../../activities/spec-hash';
import type { ControlActivities, WorkflowIdentity } from '../../contract/activities';
import type { RecipeBook } from '../../contract/recipe';
import type { Run } from '../../contract/run';
import { PLAIN_CAPACITY } from '../../contract/run-capacity';
import type { RunSpec, RunSubmission } from '../../contract/spec';
import { validateSpec } from '../../contract/validate-spec';
import { createAddressRules } from '../../notify/addresses';
import { createTargetCheck } from '../../notify/check-targets';
import { openSecretFolder } from '../../notify/secrets';
import type { PolicyStore } from '../../store/policy-store';
import type { HostReport, RunStore } from '../../store/run-store';
import { openPolicyStore } from '../../store/sqlite-policy-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { deferred } from '../helpers/deferred';
import { hostReport } from '../helpers/host-report';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';

const RECIPES: RecipeBook = new Map([
  [
    'digits',
    {
      name: 'digits',
      description: 'Trains on digits.',
      params: { epochs: { type: 'integer', description: 'Epochs.', default: 3, minimum: 1 } },
      spec: { image: 'trainyard/digits:1' },
    },
  ],
]);

const data = scratchFolder();
let store: RunStore;
let policies: PolicyStore;
let activities: ControlActivities;
let cancelled: WorkflowIdentity[];
let pools: PoolClient;
beforeEach(async () => {
  store = await openRunStore(data.path);
  policies = await openPolicyStore(data.path);
  pools = createDirectPool(store);
  cancelled = [];
  const cancelWorkflow = async (workflow: WorkflowIdentity): Promise<void> => void cancelled.push(workflow);
  const checkTargets = createTargetCheck({ rules: createAddressRules([]), secrets: openSecretFolder(data.path) });
  const currentExecution = (): string => 'execution-1';
  activities = createControlActivities({
    ...{ store, recipes: RECIPES, policies, checkTargets, cancelWorkflow, currentExecution, pools },
  });
});
afterEach(async () => {
  await policies.close();
  await store.close();
});

async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof ApplicationFailure)) throw new Error(`no failure of the application: ${String(failure)}`);
  return failure;
}

describe('admitRun', () => {
  const admit = (submission: unknown, runId = 'digits-1') =>
    activities.admitRun({ runId, submission: submission as RunSubmission });

  it('gives the whole spec, its hash and its recipe', async () => {
    const { spec, specHash: hash, recipe } = await admit({ recipe: 'digits', params: { epochs: 9 } });
    expect(spec).toMatchObject({ image: 'trainyard/digits:1', params: { epochs: 9 }, network: 'none' });
    expect(recipe).toBe('digits');
    expect(hash).toBe(specHash(spec));
  });

  it('waits for the pool with a few at a time, so that it leaves workflow tasks with which the pool can answer', async () => {
    const poolAnswers = deferred();
    const asked: string[] = [];
    pools.claim = async (_, { runId }) => {
      asked.push(runId);
      await poolAnswers.promise;
      return { kind: 'refused', why: 'there is no room' };
    };
    const claimSince = new Date().toISOString();
    const admitted: number[] = [];
    const admissions = Array.from({ length: 40 }, async (_, index) => {
      const runId = `run-${index}`;
      const { answer } = await activities.admitRun({ runId, submission: { image: 'a' }, claimSince });
      admitted.push(index);
      return answer;
    });
    await until(() => asked.length + admitted.length === 40);
    expect(asked).toHaveLength(20);

    poolAnswers.resolve();
    const answers = await Promise.all(admissions);
    expect(answers.filter((answer) => answer?.kind === 'refused')).toHaveLength(20);
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(20);
  });

  it('knows no recipe of a spec that was written out', async () => {
    expect(await admit({ image: 'a' })).toMatchObject({ recipe: null, spec: { name: 'a' } });
  });

  it('takes the newest version of the policy that is named, and writes down which it was', async () => {
    for (const attempts of [2, 3]) await putPolicy(attempts);
    expect((await admit({ image: 'a', policy: 'mine' })).spec.policy).toMatchObject({
      from: 'mine@2',
      retries: { attempts: 3 },
    });
  });

  it('takes a version that the API has pinned, also where the policy was deleted since', async () => {
    for (const attempts of [2, 3]) await putPolicy(attempts);
    await policies.delete('mine');
    expect((await admit({ image: 'a', policy: 'mine@1' })).spec.policy.retries.attempts).toBe(2);
    const failure = await failureOf(admit({ image: 'a', policy: 'mine' }));
    expect(failure).toMatchObject({ type: 'invalid-spec', message: expect.stringContaining('no policy "mine"') });
  });

  it('is tried again where the policies cannot be read', async () => {
    const away = { ...policies, find: async () => Promise.reject(new Error('the disk is away')) };
    const cancelWorkflow = async (): Promise<void> => {};
    const checkTargets = async (): Promise<[]> => [];
    const others = createControlActivities({
      store,
      recipes: RECIPES,
      policies: away,
      checkTargets,
      cancelWorkflow,
      currentExecution: () => undefined,
      pools,
    });
    const work = others.admitRun({ runId: 'r', submission: { image: 'a', policy: 'mine' } });
    await expect(work).rejects.toThrow(new Error('the disk is away'));
  });

  it('names the host of the first attempt where there is one at once', async () => {
    expect((await admit({ image: 'a' })).assigned).toBeNull();
    await store.reportHost(report('near'));
    expect((await admit({ image: 'a' })).assigned).toEqual({ host: 'near' });
  });

  it('fails for good with every fault', async () => {
    const failure = await failureOf(admit({ image: 'a', comand: 1, user: '0' }));
    expect(failure).toMatchObject({ type: 'invalid-spec', nonRetryable: true });
    expect(failure.message).toContain(
      'comand: unknown field `comand`; did you mean `command`?; user: must not be root',
    );
    expect(failure.details).toEqual([
      [
        { path: 'comand', message: expect.any(String) },
        { path: 'user', message: expect.any(String) },
      ],
    ]);
  });

  it('fails for good where a target is closed, or its secret is not there', async () => {
    const on = ['failed'];
    const notify = [
      { url: 'http://10.0.0.1/', on, secret: 'GONE' },
      { urlSecret: 'BAD', on },
    ];
    writeFileSync(join(data.path, 'BAD'), 'hooks.example/not-an-address');
    const failure = await failureOf(admit({ image: 'a', notify }));
    expect(failure).toMatchObject({ type: 'invalid-spec', nonRetryable: true });
    const faults = (failure.details as { path: string }[][])[0]!;
    expect(faults.map(({ path }) => path)).toEqual(['notify[0].url', 'notify[0].secret', 'notify[1].urlSecret']);
    expect(failure.message).not.toContain('not-an-address');

    writeFileSync(join(data.path, 'GONE'), 'found');
    writeFileSync(join(data.path, 'BAD'), 'https://hooks.example/');
    const good = [{ url: 'http://hooks.example/', on, secret: 'GONE' }, notify[1]];
    expect((await admit({ image: 'a', notify: good })).spec.notify).toHaveLength(2);
  });

  it.each([undefined, null, 'text', [], 3])('refuses %j, which somebody may start a workflow with', async (input) => {
    expect(await failureOf(admit(input))).toMatchObject({ type: 'invalid-spec', nonRetryable: true });
  });

  it.each(['', '../etc/passwd', 'a b', '-x', 'a'.repeat(129)])('refuses the run id %j', async (runId) => {
    const failure = await failureOf(admit({ image: 'a' }, runId));
    expect(failure).toMatchObject({ type: 'invalid-spec', nonRetryable: true });
    expect(failure.message).toContain('cannot be the id of a run');
  });
});

describe('assignHost', () => {
  const assign = () => activities.assignHost({ runId: 'r', attempt: 1 });

  it('takes the host on which the fewest runs are alive', async () => {
    await store.reportHost(report('a'));
    await store.reportHost(report('b'));
    await putRun('one', 'a', 'running');
    await putRun('two', 'b', 'succeeded');
    await putRun('three', 'b', 'failed');
    expect(await assign()).toEqual({ host: 'b' });
  });

  it('takes a host that is to be avoided only where there is no other', async () => {
    await store.reportHost(report('a'));
    const avoiding = { runId: 'r', attempt: 2, avoid: ['a'] };
    expect(await activities.assignHost(avoiding)).toEqual({ host: 'a' });
    await store.reportHost(report('b'));
    await putRun('one', 'b', 'running');
    expect(await activities.assignHost(avoiding)).toEqual({ host: 'b' });
  });

  it('fails with what is wrong with each host', async () => {
    expect(await failureOf(assign())).toMatchObject({ type: 'no-host', message: 'no host worker has reported yet' });
    await store.reportHost(report('a', { engineReady: false, engineProblem: 'connection refused' }));
    await store.reportHost(report('b', { reportedAt: new Date(Date.now() - 40_400).toISOString() }));
    expect(await failureOf(assign())).toMatchObject({
      type: 'no-host',
      message: expect.stringMatching(
        /^host a has a Docker Engine that does not answer \(connection refused\); host b has not reported for [45]\d s$/,
      ),
    });
  });
});

it('brings the read model up to date, twice as well as once', async () => {
  const run = makeRun('r', 'a', 'running');
  const update = { revision: 1, run, attempts: [], events: [], spec: specOf('a') };
  await activities.recordRun(update);
  await activities.recordRun(update);
  expect(await store.getRun('r')).toMatchObject({ run: { state: 'running', host: 'a' } });
  expect(await store.headOf('r')).toMatchObject({ execution: 'execution-1' });
});

it('asks Temporal to cancel the execution that it is told, and no later one', async () => {
  const workflow = { workflowId: 'r', temporalRunId: 'x' };
  await activities.requestTemporalCancel(workflow);
  expect(cancelled).toEqual([workflow]);
});

describe('the hash of a spec', () => {
  it('does not depend on the order of fields, and on nothing but the spec', () => {
    const spec = specOf('a');
    const reversed = Object.fromEntries(Object.entries(spec).toReversed()) as unknown as RunSpec;
    expect(specHash(reversed)).toBe(specHash(spec));
    expect(specHash(spec)).toMatch(/^[0-9a-f]{64}$/);
    expect(specHash({ ...spec, params: { a: 1 } })).not.toBe(specHash(spec));
  });

  it('depends on the order of a list', () => {
    const spec = specOf('a');
    expect(specHash({ ...spec, command: ['a', 'b'] })).not.toBe(specHash({ ...spec, command: ['b', 'a'] }));
  });
});

async function putPolicy(attempts: number): Promise<void> {
  await policies.put({ name: 'mine', description: 'Mine.', policy: { retries: { attempts } } });
}

function report(name: string, more: Partial<HostReport> = {}): HostReport {
  return hostReport({ name, ...more });
}

async function putRun(id: string, host: string, state: Run['state']): Promise<void> {
  await store.applyUpdate({ revision: 1, run: makeRun(id, host, state), attempts: [], events: [], spec: specOf('a') });
}

function makeRun(id: string, host: string, state: Run['state']): Run {
  const { name, image, labels, params } = specOf('a');
  const none = { reason: null, message: null, exitCode: null, startedAt: null, endedAt: null };
  const createdAt = new Date().toISOString();
  return {
    id,
    name,
    state,
    ...none,
    attempt: 1,
    host,
    createdAt,
    image,
    imageDigest: null,
    recipe: null,
    schedule: null,
    rerunOf: null,
    ...PLAIN_CAPACITY,
    gangOf: null,
    rank: null,
    policy: null,
    firstFailure: null,
    labels,
    params,
  };
}

function specOf(image: string): RunSpec {
  const check = validateSpec({ image });
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check.spec;
}
