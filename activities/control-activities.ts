import { ApplicationFailure } from '@temporalio/activity';

import type { AssignedHost, ControlActivities, WorkflowIdentity } from '../contract/activities';
import { describeFault } from '../contract/fault';
import { isRunId } from '../contract/names';
import type { EndReason } from '../contract/reason';
import type { RecipeBook } from '../contract/recipe';
import type { RunSpec } from '../contract/spec';
import { RUN_STATES, isEndState } from '../contract/state';
import { policyOf } from '../contract/submitted-policy';
import { validateSubmission } from '../contract/validate-spec';
import type { TargetCheck } from '../notify/check-targets';
import { placeRun, type HostFacts } from '../policy/placement';
import { readPolicyBook } from '../store/policy-book';
import type { PolicyStore } from '../store/policy-store';
import type { RunStore } from '../store/run-store';
import { specHash } from './spec-hash';

export interface ControlDeps {
  store: RunStore;
  recipes: RecipeBook;
  policies: PolicyStore;
  /** What the server itself has to say of the targets of notifications. */
  checkTargets: TargetCheck;
  /** Asks Temporal to cancel an execution of a workflow. */
  cancelWorkflow: (workflow: WorkflowIdentity) => Promise<void>;
}

/** The activities of the control queue; what each promises stands in contract/activities. */
export function createControlActivities(deps: ControlDeps): ControlActivities {
  const { store, recipes, policies, checkTargets, cancelWorkflow } = deps;
  return {
    admitRun: async ({ runId, submission }) => {
      if (!isRunId(runId)) throw refused(`"${runId}" cannot be the id of a run: ${RUN_ID_MEND}`);
      // A version that the API has pinned is good, whatever became of its policy since: the run was accepted.
      const book = await readPolicyBook(policies, policyOf(submission, recipes), { alsoDeleted: true });
      const check = validateSubmission(submission, recipes, book);
      if (check.faults) throw refused(check.faults.map(describeFault).join('; '), check.faults);
      const { spec, recipe } = check;
      const faults = await checkTargets(spec.notify);
      if (faults.length > 0) throw refused(faults.map(describeFault).join('; '), faults);
      return { spec, specHash: specHash(spec), recipe, assigned: await hostAtOnce(store, spec) };
    },

    assignHost: async ({ hasCommand = false, avoid = [] }) => {
      const placement = placeRun(await readHosts(store), Date.now(), { hasCommand, avoid });
      // Retryable: whether to ask again, and how long, is the caller's to say.
      if ('none' in placement) throw ApplicationFailure.retryable(placement.none, 'no-host' satisfies EndReason);
      return placement;
    },

    recordRun: async (update) => store.applyUpdate(update),

    requestTemporalCancel: async (workflow) => cancelWorkflow(workflow),
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

/** Enough to tell hosts apart; beyond that the exact number changes no choice. */
const LIVE_RUNS_LIMIT = 500;

async function readHosts(store: RunStore): Promise<HostFacts[]> {
  const reports = await store.listHosts();
  // With one host there is no choice, and nothing to count.
  if (reports.length < 2) return reports.map((report) => ({ ...report, liveRuns: 0 }));
  // A suspended run holds nothing of any host.
  const state = RUN_STATES.filter((name) => !isEndState(name) && name !== 'suspended');
  const { items } = await store.listRuns({ state, limit: LIVE_RUNS_LIMIT });
  return reports.map((report) => ({ ...report, liveRuns: items.filter(({ host }) => host === report.name).length }));
}
