import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import { alreadyEnded } from '../problem-error';
import { findRun } from './find-run';
import type { Services } from './services';

/**
 * Asks a run to end. `alreadyCancelled` is true where it is cancelled and its container gone, so that there was nothing to
 * ask.
 *
 * @param by who asks, for the run's events; default "the API".
 * @throws {ProblemError} `already-ended` where it came to another end; `not-found`, `temporal-unavailable`.
 */
export async function cancelRun(
  services: Services,
  runId: string,
  by = 'the API',
): Promise<{ run: Run; alreadyCancelled: boolean }> {
  const { run } = await findRun(services, runId);
  if (isEndState(run.state)) return ended(run);
  if (await services.temporal.runs.cancel(runId, by)) return { run, alreadyCancelled: false };
  // It ended in between, or the read model has not heard of its end.
  return ended((await findRun(services, runId)).run);
}

function ended(run: Run): { run: Run; alreadyCancelled: true } {
  if (run.state === 'cancelled') return { run, alreadyCancelled: true };
  throw alreadyEnded(run, 'cancel');
}
