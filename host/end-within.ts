import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';
import { awaitEnd } from './await-end';

/**
 * Waits for the end of a container, over an engine that goes away and comes back; false where the time was over first.
 *
 * @throws the reason of `signal`.
 */
export async function endWithin(
  engine: Engine,
  containerId: string,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const limit = timeLimit(ms);
  try {
    await awaitEnd(engine, containerId, AbortSignal.any([signal, limit]));
    return true;
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    return false;
  }
}
