import type { Evidence } from '../contract/evidence';
import type { RunSpec } from '../contract/spec';
import type { Ending } from './outcome';
import { decideRetry, EMPTY_LEDGER, type RetryLedger } from './retry';

/** The decisions of a run one by one, for who goes through them without a run. The one place that knows how they are made. */

/** What is known of an attempt that ended. */
export interface PastFacts {
  ending: Ending;
  evidence: Evidence | null;
  /** Indices of the rules whose `log` was found. */
  matchedLogs: readonly number[];
  host: string | null;
}

/** Between two attempts. */
export interface TrialState {
  spec: RunSpec;
  ledger: RetryLedger;
}

export interface TrialStep {
  retry: boolean;
  elsewhere: boolean;
  delayMs: number;
  /** What the next attempts have otherwise than the spec. */
  changes: readonly string[];
  because: string;
  state: TrialState;
}

export function firstState(spec: RunSpec): TrialState {
  return { spec, ledger: EMPTY_LEDGER };
}

export function stepAfter(state: TrialState, { ending }: PastFacts): TrialStep {
  const decision = decideRetry(state.spec.policy.retries, state.ledger, ending);
  const delayMs = decision.retry ? decision.delayMs : 0;
  const { retry, because, ledger } = decision;
  return { retry, elsewhere: false, delayMs, changes: [], because, state: { ...state, ledger } };
}
