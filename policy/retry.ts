import { readChange, type Change } from '../contract/rule-change';
import { BEYOND_RULES } from '../contract/rule-condition';
import { REASONS } from '../contract/reason';
import type { Retries } from '../contract/spec';
import { parseDuration } from '../contract/units';
import { describeCause, findRuling, type AttemptFacts, type Ruling } from './match-rules';
import { describeFailure, noteChange, noteProgress, noteUserFailure, type RetryLedger } from './retry-ledger';

/** A change that a rule asks for before the next attempt. */
export interface RuledChange extends Change {
  /** Index of the rule. */
  rule: number;
}

/** `rule` is the index of the rule that decided; null where none did. */
export type RetryDecision = { rule: number | null } & (
  | {
      retry: true;
      delayMs: number;
      /** True where a rule wants another host for the next attempt. */
      elsewhere: boolean;
      change: RuledChange | null;
      ledger: RetryLedger;
      because: string;
    }
  | { retry: false; elsewhere: false; change: null; ledger: RetryLedger; because: string }
);

/** Waits for causes of the infrastructure grow at least this much, so that a broken registry is not hammered. */
const INFRASTRUCTURE_FACTOR = 2;

/** However often a run gets further, it has no more attempts than Temporal has room for in a history. */
const MOST_ATTEMPTS = 500;

/**
 * Decides whether another attempt follows the one that just ended.
 *
 * Causes of the run's own take from `attempts`, which are counted anew with each attempt that got further than all before
 * it; causes of the infrastructure take from `infrastructure`; neither pays for the other. A rule that says fail goes before
 * any other that fits. Where there are rules, a failure of the run's own that none of them fits ends the run; the same
 * failure again and again ends it, too. A cause that is never retried by itself takes from `attempts` where a rule retries it.
 *
 * @param retries of a spec from before `sameFailure` are decided as they were then: the first rule decides, and no failure is
 *   compared with the one before it.
 */
export function decideRetry(retries: Retries, before: RetryLedger, facts: AttemptFacts): RetryDecision {
  const { reason } = facts.ending;
  const { ledger, progress } = noteProgress(before, facts.evidence);
  const refill = before.userFailures > 0 ? progress : null;
  const retryClass = REASONS[reason].retry;
  if (retryClass === 'free') return again(ledger, `\`${reason}\` takes from no budget`, { delayMs: 0 });
  const ruling = BEYOND_RULES.includes(reason) ? null : findRuling(retries.rules, facts, isComplete(retries));
  if (retryClass === 'infrastructure') return decideInfrastructure(retries, ledger, ruling);
  if (retryClass === 'never' && ruling === null) return enough(ledger, `\`${reason}\` is never retried`);
  return decideUser({ retries, ledger: noteUserFailure(ledger, facts), facts, ruling, refill });
}

function decideInfrastructure(retries: Retries, before: RetryLedger, ruling: Ruling | null): RetryDecision {
  const failures = before.infrastructureFailures + 1;
  const ledger = { ...before, infrastructureFailures: failures };
  if (ruling?.rule.then === 'fail') return enough(ledger, ruling.because, ruling);
  if (failures > retries.infrastructure) {
    const all = `all ${retries.infrastructure} retries for infrastructure causes are used`;
    return enough(ledger, `${all} (policy.retries.infrastructure)`, ruling);
  }
  const factor = Math.max(retries.factor, INFRASTRUCTURE_FACTOR);
  const because = `retry ${failures} of ${retries.infrastructure} for infrastructure causes`;
  return asRuled(ledger, ruling, because, delayBefore(retries, factor, failures));
}

interface UserFailure {
  retries: Retries;
  ledger: RetryLedger;
  facts: AttemptFacts;
  ruling: Ruling | null;
  /** The progress with which the attempts are counted anew; null where there is none. */
  refill: string | null;
}

function decideUser({ retries, ledger, facts, ruling, refill }: UserFailure): RetryDecision {
  const { attempts, rules } = retries;
  const { userFailures: failures, allUserFailures, sameFailures } = ledger;
  if (ruling?.rule.then === 'fail') return enough(ledger, ruling.because, ruling);
  if (ruling === null && rules.length > 0) {
    return enough(ledger, `no rule of policy.retries.rules names ${describeCause(facts.ending)}`);
  }
  if (failures >= attempts) return enough(ledger, usedUp(attempts, ledger), ruling);
  if (allUserFailures >= MOST_ATTEMPTS) return enough(ledger, `no run has more than ${MOST_ATTEMPTS} attempts`, ruling);
  if (isComplete(retries) && ruling?.rule.change === undefined && sameFailures >= retries.sameFailure) {
    const what = `it failed in the same way ${sameFailures} times in a row without progress`;
    return enough(ledger, `${what} (policy.retries.sameFailure): ${describeFailure(facts)}`, ruling);
  }
  const since = refill === null ? '' : `, counted anew because it got further (${refill})`;
  const because = `attempt ${failures + 1} of ${attempts}${since}`;
  return asRuled(ledger, ruling, because, delayBefore(retries, retries.factor, failures));
}

function usedUp(attempts: number, { bestStep, checkpoints }: RetryLedger): string {
  if (attempts === 1) return 'the policy allows one attempt (policy.retries.attempts)';
  const since = bestStep === null && checkpoints.length === 0 ? '' : ' since it last got further';
  return `all ${attempts} attempts${since} are used (policy.retries.attempts)`;
}

/** Another attempt, with what the rule that wants it wants besides. */
function asRuled(ledger: RetryLedger, ruling: Ruling | null, budget: string, delayMs: number): RetryDecision {
  if (ruling === null) return again(ledger, budget, { delayMs });
  const { rule, index } = ruling;
  const because = `${budget}; ${ruling.because}`;
  const elsewhere = rule.then === 'retry-elsewhere';
  if (rule.change === undefined) return again(ledger, because, { rule: index, delayMs, elsewhere });
  const reading = readChange(rule.change);
  if ('faults' in reading) return enough(ledger, `policy.retries.rules[${index}].change cannot be made`, ruling);
  const change = { ...reading.change, rule: index };
  return again(noteChange(ledger), because, { rule: index, delayMs, elsewhere, change });
}

function again(
  ledger: RetryLedger,
  because: string,
  how: { rule?: number; delayMs: number; elsewhere?: boolean; change?: RuledChange },
): RetryDecision {
  return { retry: true, rule: null, elsewhere: false, change: null, ...how, ledger, because };
}

function enough(ledger: RetryLedger, because: string, ruling: Ruling | null = null): RetryDecision {
  return { retry: false, rule: ruling?.index ?? null, elsewhere: false, change: null, ledger, because };
}

/** False for a spec from before failures were compared. */
function isComplete(retries: Partial<Retries>): boolean {
  return retries.sameFailure !== undefined;
}

/** delay × factor^(n−1) for the n-th failure, never more than the cap. */
function delayBefore(retries: Retries, factor: number, failure: number): number {
  const cap = parseDuration(retries.maxDelay);
  return Math.min(cap, Math.round(parseDuration(retries.delay) * factor ** (failure - 1)));
}
