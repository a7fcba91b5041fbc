import { REASONS } from '../contract/reason';
import type { Retries } from '../contract/spec';
import { parseDuration } from '../contract/units';
import type { Ending } from './outcome';

/** What a run has used of its budgets so far; plain JSON, kept by the workflow. */
export interface RetryLedger {
  /** Attempts that ended for a cause of the run's own. */
  userFailures: number;
  /** Attempts that ended for a cause of the infrastructure. */
  infrastructureFailures: number;
}

export const EMPTY_LEDGER: RetryLedger = { userFailures: 0, infrastructureFailures: 0 };

/** `rule` is the index of the rule that matched; null where none did. */
export type RetryDecision = { rule: number | null } & (
  | { retry: true; delayMs: number; ledger: RetryLedger; because: string }
  | { retry: false; ledger: RetryLedger; because: string }
);

/** Waits for causes of the infrastructure grow at least this much, so that a broken registry is not hammered. */
const INFRASTRUCTURE_FACTOR = 2;

/**
 * Decides whether another attempt follows the one that just ended.
 *
 * Causes of the run's own take from `attempts`, causes of the infrastructure from `infrastructure`; neither pays for the
 * other. Rules speak about exit codes only; where there are rules, an exit code that none of them names fails the run.
 */
export function decideRetry(retries: Retries, before: RetryLedger, ending: Ending): RetryDecision {
  const retryClass = REASONS[ending.reason].retry;
  switch (retryClass) {
    case 'never':
      return { rule: null, retry: false, ledger: before, because: `\`${ending.reason}\` is never retried` };
    case 'free':
      return {
        rule: null,
        retry: true,
        delayMs: 0,
        ledger: before,
        because: `\`${ending.reason}\` takes from no budget`,
      };
    case 'infrastructure':
      return decideInfrastructure(retries, before);
    case 'user':
      return decideUser(retries, before, ending);
    default:
      return retryClass satisfies never;
  }
}

function decideInfrastructure(retries: Retries, before: RetryLedger): RetryDecision {
  const failures = before.infrastructureFailures + 1;
  const ledger = { ...before, infrastructureFailures: failures };
  if (failures > retries.infrastructure) {
    const because = `all ${retries.infrastructure} retries for infrastructure causes are used (policy.retries.infrastructure)`;
    return { rule: null, retry: false, ledger, because };
  }
  const factor = Math.max(retries.factor, INFRASTRUCTURE_FACTOR);
  const because = `retry ${failures} of ${retries.infrastructure} for infrastructure causes`;
  return { rule: null, retry: true, delayMs: delayBefore(retries, factor, failures), ledger, because };
}

function decideUser(retries: Retries, before: RetryLedger, ending: Ending): RetryDecision {
  const failures = before.userFailures + 1;
  const ledger = { ...before, userFailures: failures };
  const verdict = askRules(retries, ending.exitCode);
  const { rule } = verdict;
  if (!verdict.retry) return { rule, retry: false, ledger, because: verdict.because };
  if (failures >= retries.attempts) {
    const because =
      retries.attempts === 1
        ? 'the policy allows one attempt (policy.retries.attempts)'
        : `all ${retries.attempts} attempts are used (policy.retries.attempts)`;
    return { rule, retry: false, ledger, because };
  }
  const because = `attempt ${failures + 1} of ${retries.attempts}`;
  return { rule, retry: true, delayMs: delayBefore(retries, retries.factor, failures), ledger, because };
}

function askRules(
  { rules }: Retries,
  exitCode: number | null,
): { rule: number | null; retry: boolean; because: string } {
  if (rules.length === 0) return { rule: null, retry: true, because: '' };
  const rule = rules.findIndex(({ when }) => exitCode !== null && when.exitCode.includes(exitCode));
  if (rule === -1) {
    return { rule: null, retry: false, because: `no rule of policy.retries.rules names exit code ${exitCode}` };
  }
  const because = `policy.retries.rules[${rule}] says ${rules[rule]?.then} for exit code ${exitCode}`;
  return { rule, retry: rules[rule]?.then === 'retry', because };
}

/** delay × factor^(n−1) for the n-th failure, never more than the cap. */
function delayBefore(retries: Retries, factor: number, failure: number): number {
  const cap = parseDuration(retries.maxDelay);
  return Math.min(cap, Math.round(parseDuration(retries.delay) * factor ** (failure - 1)));
}
