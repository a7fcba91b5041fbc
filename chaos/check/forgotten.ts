import type { Execution } from './facts';

/** How long after an engine's death a program may begin whose process it has started. */
const SLOW_START_MS = 10_000;

/**
 * Whether a killed engine has forgotten that it started this one: it was killed over the start, before its own note of it.
 * It then says that the container was never started, so one is started once more, which ends the first.
 */
export function isForgotten(
  { startedAtMs, engineStartedAtMs }: Execution,
  engineKilledAtMs: readonly number[],
): boolean {
  // A program begins after its engine has noted its start, except where the note is of another start.
  if (engineStartedAtMs !== null && engineStartedAtMs <= startedAtMs) return false;
  return engineKilledAtMs.some(
    (killedAtMs) =>
      killedAtMs >= startedAtMs - SLOW_START_MS && (engineStartedAtMs === null || killedAtMs < engineStartedAtMs),
  );
}
