import type { EndReason } from '../../contract/reason';
import type { EngineDeath, Execution } from './facts';

/** How long after an engine's death a program may begin whose process it has started. */
const SLOW_START_MS = 10_000;
/** An engine notes a start when it is made; a note that comes this much later is of another start. */
const LATE_NOTE_MS = 2_000;

/**
 * Whether a killed engine has forgotten that it started this one: it was killed over the start, before its own note of it.
 * It then says that the container was never started, so one is started once more, which ends the first.
 *
 * @param executions all of the run.
 */
export function isForgotten(
  execution: Execution,
  executions: readonly Execution[],
  engineDeaths: readonly EngineDeath[],
): boolean {
  const { startedAtMs, engineStartedAtMs } = execution;
  if (engineStartedAtMs !== null && !isOfLaterStart(execution, executions)) return false;
  return engineDeaths.some(
    ({ killedAtMs }) =>
      killedAtMs >= startedAtMs - SLOW_START_MS && (engineStartedAtMs === null || killedAtMs < engineStartedAtMs),
  );
}

/**
 * True where the engine's note is of another start of the same container: of one that ran there later, or that only ended
 * this one.
 */
function isOfLaterStart({ attempt, startedAtMs, engineStartedAtMs }: Execution, all: readonly Execution[]): boolean {
  if (engineStartedAtMs !== null && engineStartedAtMs - startedAtMs > LATE_NOTE_MS) return true;
  return all.some(
    (other) =>
      other.attempt === attempt && other.engineStartedAtMs === engineStartedAtMs && other.startedAtMs > startedAtMs,
  );
}

/** How long an engine may take to note that a program has ended. */
const SLOW_END_MS = 2_000;

/**
 * Whether a killed engine has forgotten how this execution ended: it was killed over the end, after it had taken the exit
 * code and before its own note of it, or it was frozen over it and then killed. It then says that the container went down with the engine, so the run is tried again.
 *
 * @param reason of the attempt.
 */
export function isEndForgotten(
  { endedAtMs }: Execution,
  reason: EndReason | null | undefined,
  engineDeaths: readonly EngineDeath[],
): boolean {
  if (endedAtMs === null || reason !== 'engine-restarted') return false;
  return engineDeaths.some(
    ({ killedAtMs, idleSinceMs }) => killedAtMs >= endedAtMs && idleSinceMs <= endedAtMs + SLOW_END_MS,
  );
}
