import { ApplicationFailure, Context } from '@temporalio/activity';

/**
 * Runs the work of an activity with a heartbeat every second; the SDK thins them out. `details` is what a heartbeat tells,
 * also to the next worker that takes the activity. Work that is done sooner sends none: each costs Temporal a write.
 *
 * The work ends early when Temporal takes the activity away. Only a cancel that was asked for is reported as one. For every
 * other cause, such as a worker that shuts down, the failure makes Temporal hand the activity out again.
 *
 * @param work must not leave anything half done when its signal is aborted.
 */
export async function withHeartbeat<T>(
  details: () => unknown,
  work: (signal: AbortSignal) => Promise<T>,
  everyMs = 1000,
): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details()), everyMs);
  try {
    return await work(context.cancellationSignal);
  } catch (error) {
    const takenAway = context.cancellationSignal.aborted && !context.cancellationDetails?.cancelRequested;
    throw takenAway ? ApplicationFailure.retryable('the worker let go of the activity', 'activity-taken-away') : error;
  } finally {
    clearInterval(timer);
  }
}
