import { REASONS } from '../../contract/reason';
import type { Run } from '../../contract/run';
import { describeEnding, type Ending } from '../outcome';

/** The first failure of a run, kept whatever comes after; an attempt that was suspended, preempted or cancelled did not fail. */
export function firstFailureAfter(
  { attempt, firstFailure }: Pick<Run, 'attempt' | 'firstFailure'>,
  ending: Ending,
): Run['firstFailure'] {
  const { state, retry } = REASONS[ending.reason];
  if (firstFailure !== null || state !== 'failed' || retry === 'free') return firstFailure;
  return { attempt, reason: ending.reason, message: describeEnding(ending) };
}

/** The last message of a run. Where it failed at last for another reason than at first, that is named too. */
export function finalMessage(ending: Ending, firstFailure: Run['firstFailure']): string {
  const message = describeEnding(ending);
  const { state } = REASONS[ending.reason];
  if (state !== 'failed' || firstFailure === null || firstFailure.reason === ending.reason) return message;
  return `${message} First: attempt ${firstFailure.attempt}: ${firstFailure.message}`;
}
