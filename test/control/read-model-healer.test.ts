import { Context } from '@temporalio/activity';

import { freshMemory, healOnce, type HealerDeps, type HealerMemory } from '../../control/read-model-healer';
import type { RunUpdate } from '../../contract/run';
import { openRunStore } from '../../store/sqlite-run-store';
import type { RunStore } from '../../store/run-store';
import { createWorkflowWitness } from '../../worker/workflow-witness';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { resetToStart } from '../helpers/reset-workflow';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';
import { QUIET } from '../host/helpers';
import { sampleRun, SPEC } from '../store/sample-run';

const suite = workflowSuite();
const data = scratchFolder();
let store: RunStore;
beforeEach(async () => {
  store = await openRunStore(data.path, { now: () => new Date() });
});
afterEach(() => store.close());

const NEVER = new AbortController().signal;
const HOUR_MS = 3_600_000;

const witness = () => createWorkflowWitness(suite.env.client);

/** Of a healer that has looked for what ended in the tests before. */
const someMemory = (): HealerMemory => ({ ...freshMemory(), knowsEnded: true });

/** Young rows are left alone, as their workflow may just be telling; an hour later none is young any more. */
const heal = (changes: Partial<HealerDeps> = {}, memory = someMemory()): Promise<void> => {
  const deps = { store, workflows: witness(), log: QUIET, now: () => Date.now() + HOUR_MS, ...changes };
  return healOnce(deps, NEVER, memory);
};

/** A host whose container runs until it is let go, and a store that takes what `keeps` says of the reports. */
function longRun(keeps: (update: RunUpdate) => boolean, changes: Partial<Activities> = {}) {
  const end = deferred();
  const { activities } = fakeHost({
    followContainer: async () => {
      await end.promise;
      return GOOD_OUTCOME;
    },
    recordRun: async (update) => {
      const execution = Context.current().info.workflowExecution!.runId;
      if (keeps(update)) await store.applyUpdate({ ...update, execution });
    },
    ...changes,
  });
  return { activities, letGo: () => end.resolve() };
}

const ALL = (): boolean => true;
const NONE = (): boolean => false;

const rowOf = (id: string) => store.getRun(id);
const stateOf = async (id: string): Promise<string | undefined> => (await rowOf(id))?.run.state;

describe('the read model, held against Temporal', () => {
  it('gets the report that a row missed, while the run goes on and after its end', async () => {
    const { activities, letGo } = longRun(({ run }) => run.state === 'queued');
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await run.describe()).searchAttributes['RunState']?.[0] === 'running');
      expect(await stateOf(run.workflowId)).toBe('queued');
      await heal();
      expect(await stateOf(run.workflowId)).toBe('running');
      letGo();
      await run.result();
      expect(await stateOf(run.workflowId)).toBe('running');
      await heal();
      expect(await rowOf(run.workflowId)).toMatchObject({ run: { state: 'succeeded', reason: 'completed' } });
    });
  });

  it('tells the attempt and the host that a run is at, where a store that was restored has it at an earlier one', async () => {
    const follow: Activities['followContainer'] = ({ attempt }) =>
      attempt === 1 ? Promise.resolve({ ...GOOD_OUTCOME, exitCode: 1 }) : end.promise.then(() => GOOD_OUTCOME);
    const end = deferred();
    const { activities } = longRun(({ run }) => run.attempt < 2 && run.state === 'running', {
      followContainer: follow,
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ policy: { retries: { attempts: 2, rules: [{ when: {}, then: 'retry' }] } } });
      const report = () => witness().reportOf(run.workflowId);
      await until(async () => (await report())?.run.attempt === 2 && (await report())?.run.state === 'running');
      expect((await rowOf(run.workflowId))?.run).toMatchObject({ state: 'running', attempt: 1 });
      await heal();
      expect(await rowOf(run.workflowId)).toMatchObject({
        run: { state: 'running', attempt: 2 },
        attempts: [{ number: 1, reason: 'exit-code' }, { number: 2 }],
      });
      end.resolve();
      await run.result();
    });
  });

  it('asks no workflow again that has done nothing since', async () => {
    const { activities, letGo } = longRun(ALL);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await stateOf(run.workflowId)) === 'running');
      let asked = 0;
      const workflows = witness();
      const counting: HealerDeps['workflows'] = {
        ...workflows,
        reportOf: (id) => ((asked += Number(id === run.workflowId)), workflows.reportOf(id)),
      };
      const memory = someMemory();
      // The first pass may meet a history that still grows.
      await until(async () => {
        const before = asked;
        await heal({ workflows: counting }, memory);
        return asked === before;
      });
      expect(asked).toBeGreaterThan(0);
      letGo();
      await run.result();
    });
  });

  it('has a run back that the store had lost, with its spec', async () => {
    const { activities, letGo } = longRun(NONE);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ name: 'lost and found' });
      await until(async () => (await run.describe()).searchAttributes['RunState']?.[0] === 'running');
      await until(async () => {
        await heal();
        return (await rowOf(run.workflowId)) !== null;
      });
      expect(await rowOf(run.workflowId)).toMatchObject({
        run: { name: 'lost and found', state: 'running' },
        spec: { image: 'trainyard/test:1' },
      });
      letGo();
      await run.result();
    });
  });

  it('has runs back that have ended, once, where the store had lost them', async () => {
    const { activities, letGo } = longRun(NONE);
    letGo();
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ name: 'ended and lost' });
      await run.result();
      const memory = freshMemory();
      await until(async () => {
        await heal({}, memory);
        const isThere = (await rowOf(run.workflowId)) !== null;
        // Temporal's lists are a moment behind.
        memory.knowsEnded = isThere;
        return isThere;
      });
      expect(await rowOf(run.workflowId)).toMatchObject({
        run: { name: 'ended and lost', state: 'succeeded', endedAt: expect.any(String) },
        attempts: [{ reason: 'completed' }],
        spec: { image: 'trainyard/test:1' },
      });
      const listed: string[] = [];
      const workflows = witness();
      const noting: HealerDeps['workflows'] = {
        ...workflows,
        runsThat: (stand) => (listed.push(stand), workflows.runsThat(stand)),
      };
      await heal({ workflows: noting }, memory);
      expect(listed).toEqual(['go-on']);
    });
  });

  it('closes a run whose workflow was terminated, and says so', async () => {
    const { activities, letGo } = longRun(ALL);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await stateOf(run.workflowId)) === 'running');
      await run.terminate('by hand');
      letGo();
      await heal();
      expect(await rowOf(run.workflowId)).toMatchObject({
        run: {
          state: 'failed',
          reason: 'workflow-terminated',
          message: expect.stringContaining('without its clean-up'),
        },
        attempts: [{ reason: 'workflow-terminated' }],
      });
    });
  });

  it('closes a run that Temporal does not know, and leaves a young one alone', async () => {
    const insert = (id: string, createdMs: number): Promise<void> =>
      store.insertQueued(sampleRun({ id, state: 'queued', createdAt: new Date(createdMs).toISOString() }), SPEC);
    await insert('old', Date.now() - HOUR_MS);
    await insert('young', Date.now());
    await heal({ now: Date.now });
    expect(await stateOf('old')).toBe('failed');
    expect(await stateOf('young')).toBe('queued');
  });
});

describe('a run that ended while nobody can be asked for its report', () => {
  /** Runs it to its end, of which the store hears nothing, and heals without any worker that could answer. */
  async function healUnanswered(changes: Partial<Activities>, cancel = false): Promise<string> {
    const { activities, letGo } = longRun(({ run }) => run.state === 'running', changes);
    const id = await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await stateOf(run.workflowId)) === 'running');
      if (cancel) await run.signal('cancel', { by: 'alice' });
      letGo();
      await run.result().catch(() => undefined);
      return run.workflowId;
    });
    const workflows: HealerDeps['workflows'] = { ...witness(), reportOf: async () => null };
    await heal({ workflows });
    return id;
  }

  it.each([
    ['succeeded', 'completed', {}, false],
    ['failed', 'exit-code', { followContainer: async () => ({ ...GOOD_OUTCOME, exitCode: 3 }) }, false],
    ['cancelled', 'cancelled', {}, true],
  ] as const)('has %s with the reason %s, as its workflow ended', async (state, reason, changes, cancel) => {
    const id = await healUnanswered(changes, cancel);
    const { closeTime } = await suite.client.getHandle(id).describe();
    expect(await rowOf(id)).toMatchObject({
      run: { state, reason, endedAt: closeTime!.toISOString(), message: expect.any(String) },
      attempts: [{ reason }],
    });
  });
});

describe('a run whose workflow was reset after its end', () => {
  it.each([
    ['its reports arrive', ALL],
    ['its reports are lost, and the row is healed', ({ run }: RunUpdate) => run.state !== 'running'],
  ])('goes on in the list where %s, and ends there again', async (_, keepsAfter) => {
    let keeps: (update: RunUpdate) => boolean = ALL;
    const { activities, letGo } = longRun((update) => keeps(update));
    const after = deferred();
    let follows = 0;
    activities.followContainer = async () => {
      if ((follows += 1) > 1) await after.promise;
      return GOOD_OUTCOME;
    };
    letGo();
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await run.result();
      const before = (await store.listEvents(run.workflowId, 0, 100)).length;
      const { revision } = (await store.headOf(run.workflowId))!;
      keeps = (update) => update.run.state !== 'queued' && keepsAfter(update);

      await resetToStart(suite.env.client, run.workflowId);
      await until(() => follows === 2);
      await until(async () => {
        if (keepsAfter !== ALL) await heal();
        return (await stateOf(run.workflowId)) === 'running';
      });
      expect(await rowOf(run.workflowId)).toMatchObject({ run: { endedAt: null, reason: null } });
      expect((await store.headOf(run.workflowId))!.revision).toBeLessThanOrEqual(revision);

      after.resolve();
      await suite.client.getHandle(run.workflowId).result();
      expect(await stateOf(run.workflowId)).toBe('succeeded');
      const events = await store.listEvents(run.workflowId, before, 100);
      expect(events.at(-1)).toMatchObject({ type: 'state-changed', state: 'succeeded' });
    });
  });
});
