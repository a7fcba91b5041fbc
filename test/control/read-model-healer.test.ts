import { healOnce, type HealerDeps } from '../../control/read-model-healer';
import { openRunStore } from '../../store/sqlite-run-store';
import type { RunStore } from '../../store/run-store';
import { createWorkflowWitness } from '../../worker/workflow-witness';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
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

/** Young rows are left alone, as their workflow may just be telling; an hour later none is young any more. */
const heal = (now = () => Date.now() + HOUR_MS): Promise<void> => {
  const deps: HealerDeps = { store, workflows: createWorkflowWitness(suite.env.client), log: QUIET, now };
  return healOnce(deps, NEVER);
};

/** A host whose container runs until it is let go, and a store that takes what `keeps` says of the reports. */
function longRun(keeps: (state: string) => boolean): { activities: Activities; letGo: () => void } {
  const end = deferred();
  const { activities } = fakeHost({
    followContainer: async () => {
      await end.promise;
      return GOOD_OUTCOME;
    },
    recordRun: async (update) => {
      if (keeps(update.run.state)) await store.applyUpdate(update);
    },
  });
  return { activities, letGo: () => end.resolve() };
}

const stateOf = async (id: string): Promise<string | undefined> => (await store.getRun(id))?.run.state;

describe('the read model, held against Temporal', () => {
  it('gets the report that a row missed, while the run goes on and after its end', async () => {
    const { activities, letGo } = longRun((state) => state === 'queued');
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await run.describe()).searchAttributes['RunState']?.[0] === 'running');
      expect(await stateOf(run.workflowId)).toBe('queued');
      await heal();
      expect(await stateOf(run.workflowId)).toBe('running');
      letGo();
      await run.result();
      await store.applyUpdate(await pastOf(run.workflowId));
      await heal();
      expect(await store.getRun(run.workflowId)).toMatchObject({ run: { state: 'succeeded', reason: 'completed' } });
    });
  });

  it('has a run back that the store had lost, with its spec', async () => {
    const { activities, letGo } = longRun(() => false);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ name: 'lost and found' });
      await until(async () => (await run.describe()).searchAttributes['RunState']?.[0] === 'running');
      await until(async () => {
        await heal();
        return (await store.getRun(run.workflowId)) !== null;
      });
      expect(await store.getRun(run.workflowId)).toMatchObject({
        run: { name: 'lost and found', state: 'running' },
        spec: { image: 'trainyard/test:1' },
      });
      letGo();
      await run.result();
    });
  });

  it('closes a run whose workflow was terminated, and says so', async () => {
    const { activities, letGo } = longRun(() => true);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await stateOf(run.workflowId)) === 'running');
      await run.terminate('by hand');
      letGo();
      await heal();
      expect(await store.getRun(run.workflowId)).toMatchObject({
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
    const rowOf = (id: string, createdMs: number): Promise<void> =>
      store.insertQueued(sampleRun({ id, state: 'queued', createdAt: new Date(createdMs).toISOString() }), SPEC);
    await rowOf('old', Date.now() - HOUR_MS);
    await rowOf('young', Date.now());
    await heal(Date.now);
    expect(await stateOf('old')).toBe('failed');
    expect(await stateOf('young')).toBe('queued');
  });
});

/** The row as it was while the run went on, as a store that was restored from a copy has it. */
async function pastOf(id: string): Promise<Parameters<RunStore['applyUpdate']>[0]> {
  const { run, attempts } = (await store.getRun(id))!;
  return { revision: 0, run, attempts, events: [] };
}
