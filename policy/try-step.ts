import type { Evidence } from '../contract/evidence';
import type { RunSpec } from '../contract/spec';
import { decideNext, firstCourse, type Course } from './next-attempt';
import type { Ending } from './outcome';

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
export type TrialState = Course;

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
  return firstCourse(spec);
}

export function stepAfter(state: TrialState, facts: PastFacts): TrialStep {
  const next = decideNext(state, facts);
  const { because, course } = next;
  const how = next.retry ? { delayMs: next.delayMs, elsewhere: next.elsewhere } : { delayMs: 0, elsewhere: false };
  return { retry: next.retry, ...how, changes: course.changes, because, state: course };
}
