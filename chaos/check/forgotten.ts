import type { Execution } from './facts';

/**
 * Whether a killed engine has forgotten that it started this one: it was killed after the start and before its own note of
 * it. It then says that the container was never started, so it is started once more, which ends the first.
 */
export function isForgotten(
  { startedAtMs, engineStartedAtMs }: Execution,
  engineKilledAtMs: readonly number[],
): boolean {
  return engineKilledAtMs.some(
    (killedAtMs) => killedAtMs >= startedAtMs && (engineStartedAtMs === null || engineStartedAtMs > killedAtMs),
  );
}
