import { ActivityFailure, ApplicationFailure, rootCause, TimeoutFailure } from '@temporalio/workflow';

import { isEndReason, type EndReason } from '../contract/reason';
import type { Ending, StopCause } from '../policy/outcome';

/** The ending that a failed activity stands for: the type of its failure is the end reason. */
export function failureOf(error: unknown): Ending {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isEndReason(cause.type)) {
    return { reason: cause.type, exitCode: null, detail: { detail: cause.message } };
  }
  if (isHostSilent(error)) {
    return {
      reason: 'engine-unavailable',
      exitCode: null,
      detail: { detail: 'the worker of the host does not answer' },
    };
  }
  return { reason: 'internal-error', exitCode: null, detail: { detail: rootCause(error) ?? String(error) } };
}

/** The ending of a run that was asked to stop while it had no container. */
export function stopEnding({ reason, detail }: StopCause): Ending {
  return { reason, exitCode: null, detail };
}

/**
 * True where the host of an activity did not answer: no worker of it took the activity up, the one that had it went silent
 * for good, or its engine is away.
 */
export function isHostSilent(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (cause instanceof ApplicationFailure) return cause.type === ('engine-unavailable' satisfies EndReason);
  return cause instanceof TimeoutFailure && !isOverLimit(cause);
}

/** True where an activity ended because its time was over: of one execution, or of all. */
export function isActivityTimeout(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && isOverLimit(cause);
}

/** The other kinds tell that nobody is there: `SCHEDULE_TO_START` and `HEARTBEAT`. */
function isOverLimit({ timeoutType }: TimeoutFailure): boolean {
  return timeoutType === 'START_TO_CLOSE' || timeoutType === 'SCHEDULE_TO_CLOSE';
}
