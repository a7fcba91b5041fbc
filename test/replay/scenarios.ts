import { ApplicationFailure } from '@temporalio/client';

import { poolWorkflowIdFor } from '../../contract/names';
import {
  cancelSignal,
  leaseGrantedSignal,
  preemptSignal,
  resumeSignal,
  statusQuery,
  suspendSignal,
} from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, leaseOf, placedAtOnce, queuedAnswer } from '../helpers/fake-host';
import { containerThatMustBeStopped } from '../helpers/must-be-stopped';
import { pooled, poolOfTest } from '../helpers/pool-suite';
import { until } from '../helpers/until';
import type { StartRun, WorkflowSuite } from '../helpers/workflow-suite';

/** Lives of runs whose histories are kept, so that a change of the workflow is held against what is under way somewhere. */
export const SCENARIOS: Record<string, (suite: WorkflowSuite) => Promise<string>> = {
  succeeds: async (suite) => {
    const { activities } = fakeHost();
    return suite.withWorkers(activities, async (start) => finished(start, {}));
  },

  'is-retried': async (suite) => {
    const { activities } = fakeHost({
      followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, exitCode: attempt === 1 ? 1 : 0 }),
    });
    return suite.withWorkers(activities, async (start) => finished(start, { policy: { retries: { attempts: 2 } } }));
  },

  fails: async (suite) => {
    const { activities } = fakeHost({ followContainer: async () => ({ ...GOOD_OUTCOME, exitCode: 3 }) });
    return suite.withWorkers(activities, async (start) => finished(start, {}));
  },

  'cannot-pull': async (suite) => {
    const { activities } = fakeHost({
      pullImage: async () => {
        throw ApplicationFailure.nonRetryable('no such image', 'image-not-found');
      },
    });
    return suite.withWorkers(activities, async (start) => finished(start, {}));
  },

  'waits-for-a-host': async (suite) => {
    let asked = 0;
    const { activities } = fakeHost({
      assignHost: async () => {
        asked += 1;
        if (asked < 2) throw ApplicationFailure.retryable('no host worker has reported yet', 'no-host');
        return { host: 'fake' };
      },
    });
    return suite.withWorkers(activities, async (start) => finished(start, {}, 'Waits for a host: no host worker'));
  },

  'waits-for-a-lease': async (suite) => {
    let asked = 0;
    const { activities } = fakeHost({
      claimLease: async (claim) => {
        asked += 1;
        if (asked === 1) return queuedAnswer(claim.runId, 'waits for 1 CPU');
        return { kind: 'granted', lease: leaseOf(claim) };
      },
    });
    return suite.withWorkers(activities, async (start) => finished(start, {}, 'Waits for 1 CPU.'));
  },

  'gives-way': async (suite) => {
    const first = containerThatMustBeStopped();
    const { activities, records } = fakeHost({
      ...first,
      followContainer: async (input) => (input.attempt > 1 ? GOOD_OUTCOME : first.followContainer(input)),
    });
    return suite.withWorkers(placedAtOnce(activities), async (start) => {
      const run = await start({});
      await records.reached('running');
      await run.signal(preemptSignal, { runId: run.workflowId, claim: 1, because: 'another needs its place' });
      await run.result();
      return run.workflowId;
    });
  },

  'gives-way-before-its-lease': async (suite) => {
    const isTold = deferred();
    const { activities } = fakeHost({
      claimLease: async (claim) => {
        if (claim.claim === 1) await isTold.promise;
        return { kind: 'granted', lease: leaseOf(claim) };
      },
    });
    return suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(async () => (await run.query(statusQuery)).run.attempt === 1);
      await run.signal(preemptSignal, { runId: run.workflowId, claim: 1, because: 'another needs its place' });
      isTold.resolve();
      await run.result();
      return run.workflowId;
    });
  },

  'is-a-pool': async (suite) => {
    const { activities } = fakeHost();
    const pool = poolOfTest(suite);
    return suite.withWorkers(pooled(suite, pool, activities), async (start) => {
      await pool.begin();
      const runs = await Promise.all(Array.from({ length: 3 }, async () => start({})));
      await Promise.all(runs.map((run) => run.result()));
      await pool.becomes(({ leases }) => leases.length === 0);
      return poolWorkflowIdFor(pool.name);
    });
  },

  'is-placed-at-once-and-retried': async (suite) => {
    const { activities } = fakeHost({
      followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, exitCode: attempt === 1 ? 1 : 0 }),
    });
    const retried = { policy: { retries: { attempts: 2 } } };
    return suite.withWorkers(placedAtOnce(activities), async (start) => finished(start, retried));
  },

  'is-a-local-process': async (suite) => {
    const engineAwaySince = '2026-11-24T03:42:31.000Z';
    const { activities } = fakeHost({ assignHost: async () => ({ host: 'fake', asProcess: true, engineAwaySince }) });
    return suite.withWorkers(activities, async (start) => finished(start, {}));
  },

  notifies: async (suite) => {
    const { activities } = fakeHost({
      followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, exitCode: attempt === 1 ? 1 : 0 }),
    });
    const notify = [{ url: 'https://hooks.example/', on: ['retrying' as const, 'completed' as const] }];
    return suite.withWorkers(placedAtOnce(activities), async (start) =>
      finished(start, { notify, policy: { retries: { attempts: 2 } } }),
    );
  },

  'is-cancelled': async (suite) => {
    const { activities, records } = fakeHost(containerThatMustBeStopped());
    return suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await run.signal(cancelSignal, { by: 'ada' });
      await run.result().catch(() => undefined);
      return run.workflowId;
    });
  },

  'is-suspended-and-resumed': async (suite) => {
    const stopped = deferred();
    const { activities, records } = fakeHost({
      followContainer: async ({ attempt }) => {
        if (attempt > 1) return GOOD_OUTCOME;
        await stopped.promise;
        return { ...GOOD_OUTCOME, exitCode: 143 };
      },
      stopContainer: async () => {
        stopped.resolve();
        return { how: 'terminated' };
      },
      cleanUp: async () => ({ removed: 1, checkpoint: 'epoch-12.pt' }),
    });
    return suite.withWorkers(placedAtOnce(activities), async (start) => {
      const run = await start({ checkpoint: {} });
      await records.reached('running');
      await run.signal(suspendSignal, { by: 'ada' });
      await records.reached('suspended');
      await run.signal(resumeSignal, { by: 'ada' });
      await run.result();
      return run.workflowId;
    });
  },
};

/** @param waits what the run says when it waits, which it does until it is told of a lease. */
async function finished(start: StartRun, submission: Parameters<StartRun>[0], waits?: string): Promise<string> {
  const run = await start(submission);
  if (waits !== undefined) {
    await until(async () => (await run.query(statusQuery)).run.message?.startsWith(waits));
    await run.signal(leaseGrantedSignal, { lease: leaseOf({ runId: run.workflowId, claim: 1, attempt: 1 }) });
  }
  await run.result().catch(() => undefined);
  return run.workflowId;
}
