import { EngineUnavailableError } from '../docker/errors';
import type { EngineHealth } from '../host/engine-health';
import { toFailure } from './failure';

/**
 * An engine that was away for less than this is a hiccup, which the run is not told of. After it, the activity gives up with
 * `engine-unavailable`, and the run is `unreachable` until the engine is back.
 */
export const ENGINE_PATIENCE_MS = 30_000;

/** Runs an act that must come to pass: a short absence of the engine makes Temporal try it again, a long one ends it. */
export async function overAbsence<T>(health: EngineHealth, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const since = health.awaySince();
    const isLong = since !== null && Date.now() - since.getTime() >= ENGINE_PATIENCE_MS;
    throw error instanceof EngineUnavailableError && isLong ? toFailure(error) : error;
  }
}

/** The same for an act that waits over every absence itself: it is ended, through its signal, when one is long. */
export async function unlessAbsent<T>(
  health: EngineHealth,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const absence = health.awayFor(ENGINE_PATIENCE_MS, either).then(
    () => ending.abort(toFailure(new EngineUnavailableError(health.problem() ?? 'the Docker Engine does not answer'))),
    // The act was faster.
    () => undefined,
  );
  try {
    return await act(either);
  } finally {
    ending.abort();
    await absence;
  }
}
