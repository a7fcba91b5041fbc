import { setTimeout as sleep } from 'node:timers/promises';

import { ApplicationFailure } from '@temporalio/activity';

import type { AssignedHost, ControlActivities, WorkflowIdentity } from '../contract/activities';
import { describeFault } from '../contract/fault';
import { isRunId } from '../contract/names';
import { FIRST_CLAIM, type ClaimAnswer } from '../contract/pool';
import type { LeaseActivities } from '../contract/pool-messages';
import type { EndReason } from '../contract/reason';
import type { RecipeBook } from '../contract/recipe';
import type { RunSpec } from '../contract/spec';
import { policyOf } from '../contract/submitted-policy';
import { validateSubmission } from '../contract/validate-spec';
import type { TargetCheck } from '../notify/check-targets';
import { placeRun } from '../policy/placement';
import { leaseRequestOf, poolOf } from '../policy/pool/lease-request';
import { readPolicyBook } from '../store/policy-book';
import type { PolicyStore } from '../store/policy-store';
import type { RunStore } from '../store/run-store';
import { readHosts } from './direct-pool';
import type { PoolClient } from './pool-client';
import { specHash } from './spec-hash';
import { tellPool } from './tell-pool';

export interface ControlDeps {
  store: RunStore;
  recipes: RecipeBook;
  policies: PolicyStore;
  /** What the server itself has to say of the targets of notifications. */
  checkTargets: TargetCheck;
  pools: PoolClient;
  /** Asks Temporal to cancel an execution of a workflow. */
  cancelWorkflow: (workflow: WorkflowIdentity) => Promise<void>;
  /** Temporal's id of the execution that asks; undefined where none does. */
  currentExecution: () => string | undefined;
}

/** The activities of the control queue; what each promises stands in contract/activities. */
export function createControlActivities(deps: ControlDeps): ControlActivities & LeaseActivities {
  const { store, recipes, policies, checkTargets, cancelWorkflow, currentExecution, pools } = deps;
  const firstAnswer = createFirstAnswer(pools);
  return {
    admitRun: async ({ runId, submission, claimSince }) => {
      if (!isRunId(runId)) throw refused(`"${runId}" cannot be the id of a run: ${RUN_ID_MEND}`);
      // A version that the API has pinned is good, whatever became of its policy since: the run was accepted.
      const book = await readPolicyBook(policies, policyOf(submission, recipes), { alsoDeleted: true });
      const check = validateSubmission(submission, recipes, book);
      if (check.faults) throw refused(check.faults.map(describeFault).join('; '), check.faults);
      const { spec, recipe } = check;
      const faults = await checkTargets(spec.notify);
      if (faults.length > 0) throw refused(faults.map(describeFault).join('; '), faults);
      const admitted = { spec, specHash: specHash(spec), recipe };
      if (claimSince === undefined) return { ...admitted, assigned: await hostAtOnce(store, spec) };
      const answer = await firstAnswer({ runId, spec, submittedAt: claimSince });
      return { ...admitted, assigned: null, ...(answer && { answer }) };
    },

    assignHost: async ({ hasCommand = false, avoid = [] }) => {
      const placement = placeRun(await readHosts(store), Date.now(), { hasCommand, avoid });
      // Retryable: whether to ask again, and how long, is the caller's to say.
      if ('none' in placement) throw ApplicationFailure.retryable(placement.none, 'no-host' satisfies EndReason);
      return placement;
    },

    claimLease: async ({ pool, ...claim }) => pools.claim(pool, claim),

    recordRun: async ({ toPool = [], ...update }) => {
      for (const word of toPool) await tellPool(pools, word);
      const execution = currentExecution();
      await store.applyUpdate({ ...update, ...(execution !== undefined && { execution }) });
    },

    requestTemporalCancel: async (workflow) => cancelWorkflow(workflow),
  };
}

/** An admission waits no longer for its pool: the run asks again by itself. */
const FIRST_ANSWER_MS = 2_000;
/**
 * Admissions that wait for their pool at once; the others leave it to their runs. Each keeps a workflow task, of which a worker
 * has forty under way, and the pool needs one to answer: with all of them taken, each would wait in vain.
 */
const MOST_FIRST_ANSWERS = 20;

/** Makes what says how the pool answers the first claim of a run; null where it does not say so at once. */
function createFirstAnswer(pools: PoolClient) {
  let waiting = 0;
  return async (run: { runId: string; spec: RunSpec; submittedAt: string }): Promise<ClaimAnswer | null> => {
    if (waiting >= MOST_FIRST_ANSWERS) return null;
    const { runId, spec, submittedAt } = run;
    const request = leaseRequestOf(spec, { submittedAt });
    waiting += 1;
    try {
      const asking = pools.claim(poolOf(spec), { runId, claim: FIRST_CLAIM, attempt: 1, request }).catch(() => null);
      return await Promise.race([asking, sleep(FIRST_ANSWER_MS, null, { ref: false })]);
    } finally {
      waiting -= 1;
    }
  };
}

/** Null where there is none, or the store does not say: `assignHost` asks again, and tells why it waits. */
async function hostAtOnce(store: RunStore, { command }: RunSpec): Promise<AssignedHost | null> {
  try {
    const placement = placeRun(await readHosts(store), Date.now(), { hasCommand: command !== undefined });
    return 'none' in placement ? null : placement;
  } catch {
    return null;
  }
}

const RUN_ID_MEND = 'use 1 to 128 letters, digits, dots, colons, dashes or underscores, the first a letter or digit';

function refused(message: string, details: unknown = null): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'invalid-spec' satisfies EndReason, details);
}
