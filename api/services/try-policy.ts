import { type Fault, InvalidInputError } from '../../contract/fault';
import { isObject } from '../../contract/merge';
import { isRunId } from '../../contract/names';
import { liesIn } from '../../contract/path';
import { checkPlainJson } from '../../contract/plain-json';
import type { PolicyBook } from '../../contract/policy-book';
import { exampleFor } from '../../contract/policy-example';
import type { RunSpec } from '../../contract/spec';
import { isEndState } from '../../contract/state';
import { policyOf } from '../../contract/submitted-policy';
import { CheckedTrialSchema, type PolicyTrial, type Tried } from '../../contract/try-policy';
import { checkShape } from '../../contract/validate-shape';
import { validateSpec, WORDING } from '../../contract/validate-spec';
import { outcomeFaults, pastOfOutcome } from '../../policy/past-outcomes';
import { logPatternsOf } from '../../policy/match-rules';
import { type PastAttempt, tryPolicy } from '../../policy/try-policy';
import { findPatterns } from '../../store/log-patterns';
import { readPolicyBook } from '../../store/policy-book';
import type { StoredRun } from '../../store/run-store';
import { runNotFound } from '../problem-error';
import { pastAttempts } from './past-attempts';
import type { Services } from './services';

/**
 * What a policy would have decided over past runs, or over outcomes that were written down.
 *
 * @throws {InvalidInputError} with every fault, an unknown run among them.
 */
export async function tryOutPolicy(services: Services, body: unknown): Promise<Tried[]> {
  const { trial, example, book } = await checkTrial(services, body);
  const runs = await findRuns(services, trial.runs ?? []);
  const tried: Tried[] = [];
  // One after the other: logs are read, and their ends are held, of one run at a time.
  for (const found of runs) tried.push(await tryOnRun(services, trial, found, book));
  if (trial.outcomes !== undefined) tried.push(await tryOnOutcomes(trial.outcomes, example));
  return tried;
}

interface CheckedTrial {
  trial: PolicyTrial;
  /** The least of a run, with the policy in it. */
  example: RunSpec;
  book: PolicyBook;
}

async function checkTrial(services: Services, body: unknown): Promise<CheckedTrial> {
  if (!isObject(body)) throw new InvalidInputError([EMPTY], 'The trial');
  const unsafe = checkPlainJson(body, { bytes: services.config.api.bodyLimitBytes, depth: 16 });
  if (unsafe.length > 0) throw new InvalidInputError(unsafe, 'The trial');
  const trial = body as PolicyTrial;
  const { policy, ...rest } = body;
  const shapeFaults = checkShape(CheckedTrialSchema, typeof policy === 'string' ? rest : body, WORDING);
  const book = await readPolicyBook(services.policies, policyOf(body, services.recipes), { alsoDeleted: true });
  const check = validateSpec({ ...exampleFor(policy), policy }, book);
  const faults = [...shapeFaults, ...missingFaults(trial)];
  for (const fault of check.faults ?? []) {
    if (liesIn(fault.path, 'policy') && faults.every(({ path }) => path !== fault.path)) faults.push(fault);
  }
  if (shapeFaults.length === 0) faults.push(...outcomeFaults(trial.outcomes ?? []));
  if (check.faults !== undefined || faults.length > 0) throw new InvalidInputError(faults, 'The trial');
  return { trial, example: check.spec, book };
}

const EMPTY: Fault = {
  path: '',
  message: 'must be an object such as {"policy": "patient", "runs": ["…"]}; see /docs',
};

function missingFaults({ policy, runs, outcomes }: PolicyTrial): Fault[] {
  const faults: Fault[] = [];
  if (policy === undefined) {
    const message = 'is missing; write the name of a policy, such as "patient", or its `timeouts` and `retries`';
    faults.push({ path: 'policy', message });
  }
  if (runs === undefined && outcomes === undefined) {
    faults.push({ path: '', message: 'write `runs`, `outcomes` or both: what the policy is to be tried on' });
  }
  return faults;
}

/** From the read model alone: a run that is not there yet has no attempt that has ended. */
async function findRuns({ runStore }: Services, ids: readonly string[]): Promise<StoredRun[]> {
  const found = await Promise.all(ids.map(async (id) => (isRunId(id) ? runStore.getRun(id) : null)));
  const faults = found.flatMap((run, index) =>
    run === null ? [{ path: `runs[${index}]`, message: runNotFound(ids[index]!).message }] : [],
  );
  if (faults.length > 0) throw new InvalidInputError(faults, 'The trial');
  return found.filter((run) => run !== null);
}

async function tryOnRun(
  services: Services,
  { policy }: PolicyTrial,
  found: StoredRun,
  book: PolicyBook,
): Promise<Tried> {
  const { run, spec } = found;
  const nothing = { runId: run.id, differs: false, attempts: [], notes: [] };
  if (spec === null) return { ...nothing, verdict: 'Nothing is known of its spec, so nothing can be tried on it.' };
  const check = validateSpec({ ...spec, policy }, book);
  if (check.faults !== undefined) {
    const faults = check.faults.map(({ path, message }) => `${path} ${message}`).join('; ');
    return { ...nothing, verdict: `The policy does not fit this run, which would have been refused: ${faults}.` };
  }
  const { attempts, notes } = await pastAttempts(services, found, check.spec.policy.retries.rules);
  const past = { attempts, timeouts: spec.policy.timeouts, hasEnded: isEndState(run.state) };
  return { runId: run.id, ...tryPolicy(check.spec, past), notes };
}

async function tryOnOutcomes(outcomes: NonNullable<PolicyTrial['outcomes']>, spec: RunSpec): Promise<Tried> {
  const patterns = logPatternsOf(spec.policy.retries.rules);
  const attempts: PastAttempt[] = [];
  for (const outcome of outcomes) {
    attempts.push(pastOfOutcome(outcome, await findPatterns(patterns, outcome.log?.split('\n') ?? [])));
  }
  return { runId: null, ...tryPolicy(spec, { attempts, timeouts: null, hasEnded: null }), notes: [] };
}
