import { ActivityFailure, ApplicationFailure, rootCause, TimeoutFailure } from '@temporalio/workflow';

import { isEndReason } from '../contract/reason';
import type { Ending, StopCause } from '../policy/outcome';

/** The ending that a failed activity stands for: the type of its failure is the end reason. */
export function failureOf(error: unknown): Ending {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isEndReason(cause.type)) {
    return { reason: cause.type, exitCode: null, detail: { detail: cause.message } };
  }
  return { reason: 'internal-error', exitCode: null, detail: { detail: rootCause(error) ?? String(error) } };
}

/** The ending of a run that was asked to stop while it had no container. */
export function stopEnding({ reason, detail }: StopCause): Ending {
  return { reason, exitCode: null, detail };
}

/** True where an activity ended because its time was over: of one execution, or of all. */
export function isActivityTimeout(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType !== 'HEARTBEAT';
}
