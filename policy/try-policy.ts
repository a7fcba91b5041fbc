import { counted } from '../contract/counted';
import type { RunSpec } from '../contract/spec';
import type { Tried, TriedAttempt } from '../contract/try-policy';
import { writeDuration } from '../contract/units';
import { sentence } from '../contract/sentence';
import { overrunOf, reprieveOf, type PastTimes } from './try-limits';
import { firstState, stepAfter, type PastFacts, type TrialState, type TrialStep } from './try-step';

/** An attempt as it was. */
export interface PastAttempt extends PastFacts {
  /** The ending as a sentence. */
  message: string;
  times: PastTimes;
  /** What it had otherwise than the spec. */
  changes: readonly string[];
}

/** What a policy is tried on. */
export interface Past {
  attempts: readonly PastAttempt[];
  /** The timeouts that the attempts had; null where nobody knows, as of outcomes that were written down. */
  timeouts: RunSpec['policy']['timeouts'] | null;
  /** Whether the run has ended with the last of the attempts; null where they are no run's. */
  hasEnded: boolean | null;
}

export type Trial = Pick<Tried, 'verdict' | 'differs' | 'attempts'>;

/**
 * What a policy would have decided after each attempt of a past run, or of a list of outcomes, and why. What comes after
 * the point at which the past went another way is not made up: it cannot be known.
 *
 * @param spec of the run, with the policy in place of its own.
 */
export function tryPolicy(spec: RunSpec, past: Past): Trial {
  const attempts: TriedAttempt[] = [];
  let state: TrialState | null = firstState(spec);
  for (const [index, attempt] of past.attempts.entries()) {
    if (state === null) {
      attempts.push({ ...asItWas(attempt, index), decision: 'not-made', because: 'it would not have been made' });
      continue;
    }
    const { tried, next } = tryAttempt(spec, past, index, state);
    attempts.push(tried);
    state = next;
  }
  return { ...judge(attempts, past), attempts };
}

/** The decision after one attempt, and the state for the next; null where there is none, or none that is known. */
function tryAttempt(
  spec: RunSpec,
  past: Past,
  index: number,
  state: TrialState,
): { tried: TriedAttempt; next: TrialState | null } {
  const attempt = past.attempts[index]!;
  const was = asItWas(attempt, index);
  const { timeouts } = spec.policy;
  const reprieve =
    past.timeouts === null ? null : reprieveOf(attempt.ending.reason, { ...past.timeouts }, { ...timeouts });
  if (reprieve !== null) {
    return {
      tried: { ...was, decision: 'unknown', because: reprieve, differs: 'It would not have ended so.' },
      next: null,
    };
  }
  const overrun = overrunOf(attempt.times, timeouts);
  const step = stepAfter(state, overrun === null ? attempt : { ...attempt, ending: overrun });
  const isEnd = overrun === null && ENDS.has(attempt.ending.reason);
  const because = isEnd ? describeEnd(attempt) : [overrun?.story, step.because].filter(Boolean).join('; ');
  const tried: TriedAttempt = {
    ...was,
    decision: isEnd ? 'end' : decisionOf(step),
    delay: step.retry ? writeDuration(step.delayMs) : null,
    changes: step.retry ? [...step.changes] : [],
    because,
    differs: isEnd ? null : differenceOf(step, past, index, overrun?.story),
  };
  return { tried, next: step.retry ? step.state : null };
}

/** What no policy has a say in. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'cancelled', 'workflow-terminated', 'invalid-spec']);

function describeEnd({ ending }: PastAttempt): string {
  return ending.reason === 'completed' ? 'it succeeded' : `\`${ending.reason}\` is beyond every policy`;
}

function decisionOf({ retry, elsewhere }: TrialStep): TriedAttempt['decision'] {
  if (!retry) return 'stop';
  return elsewhere ? 'retry-elsewhere' : 'retry';
}

function differenceOf(step: TrialStep, past: Past, index: number, overrun: string | undefined): string | null {
  if (past.hasEnded === null) return null;
  const next = past.attempts[index + 1];
  if (overrun !== undefined) return sentence(overrun);
  if (next === undefined) return step.retry && past.hasEnded ? 'The run ended here.' : null;
  if (!step.retry) return `The run went on with attempt ${index + 2}.`;
  const had = new Set(next.changes.map(bare));
  const would = step.changes.map(bare).filter((change) => !had.has(change));
  if (would.length === 0) return null;
  return `Attempt ${index + 2} would have had ${would.join(' and ')}, and might have ended otherwise.`;
}

/** A change without the rule that made it. */
function bare(change: string): string {
  return change.replace(/ \(.*$/, '');
}

function judge(attempts: readonly TriedAttempt[], { hasEnded }: Past): Pick<Tried, 'verdict' | 'differs'> {
  const differs = attempts.some((attempt) => attempt.differs !== null);
  const last = attempts.find(({ decision }) => LAST.has(decision)) ?? attempts.at(-1);
  if (last === undefined) return { verdict: 'There is no ended attempt that it could be tried on.', differs };
  const unreached = attempts.length - last.attempt;
  const verdict = hasEnded === null ? verdictOnOutcomes(last, unreached) : verdictOnRun(last, unreached, hasEnded);
  return { verdict, differs };
}

/** Decisions after which nothing more is known. */
const LAST: ReadonlySet<TriedAttempt['decision']> = new Set(['end', 'stop', 'unknown']);

function verdictOnOutcomes({ attempt, decision, delay }: TriedAttempt, unreached: number): string {
  if (!LAST.has(decision)) return `Goes on ${wait(delay)} with an attempt ${attempt + 1}; the outcomes end here.`;
  const rest = unreached === 0 ? '' : `; ${unreached} of the outcomes ${unreached === 1 ? 'is' : 'are'} never reached`;
  return `${decision === 'end' ? 'Ends with' : 'Stops after'} attempt ${attempt}${rest}.`;
}

function verdictOnRun(last: TriedAttempt, unreached: number, hasEnded: boolean): string {
  const { attempt, decision, delay, differs } = last;
  if (decision === 'unknown') {
    return `Attempt ${attempt} would not have ended as it did; what comes after cannot be known.`;
  }
  if (unreached > 0) return `Would have stopped after attempt ${attempt}; the run made ${attempt + unreached}.`;
  if (!LAST.has(decision)) {
    return hasEnded
      ? `Would have made an attempt ${attempt + 1} ${wait(delay)}, where the run ended; what it would have come to cannot be known.`
      : `Goes on ${wait(delay)} with an attempt ${attempt + 1}; the run has not ended.`;
  }
  const count = counted(attempt, 'attempt');
  return differs === null ? `Ends as it did, after ${count}.` : `Ends after ${count} as it did, but in another way.`;
}

function wait(delay: string | null): string {
  return delay === '0s' ? 'at once' : `after ${delay}`;
}

function asItWas({ ending, message }: PastAttempt, index: number): TriedAttempt {
  const { reason, exitCode } = ending;
  const attempt = index + 1;
  return { attempt, reason, exitCode, message, decision: 'stop', delay: null, changes: [], because: '', differs: null };
}
