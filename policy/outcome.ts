import type { ContainerOutcome } from '../contract/activities';
import { describeReason, type EndReason, type ReasonDetail } from '../contract/reason';
import { signalOf } from '../contract/signals';
import { ranOutOfMemory } from './evidence/memory';
import { whereToLook } from './signals';

/** How an attempt, or a whole run, ended: the cause, and what its sentence is filled with. */
export interface Ending {
  reason: EndReason;
  exitCode: number | null;
  detail: ReasonDetail;
}

/** Why Trainyard itself asks a container to end. The first such cause is the one that stays. */
export interface StopCause {
  reason: 'cancelled' | 'node-failed' | 'preempted' | 'running-timeout' | 'silent' | 'suspended' | 'total-timeout';
  detail: ReasonDetail;
}

/**
 * Decides why a container ended, in the order in which causes hide each other: we stopped it > it was taken away, or lost > the
 * engine was restarted > memory > the command > the engine > a signal that is not ours > the exit code.
 *
 * @param stopped the cause for which we ended it; null where it ended by itself, also if that was just before our stop.
 * @param memoryLimitBytes of the container; null where it is not known.
 */
export function judgeOutcome(
  outcome: ContainerOutcome,
  stopped: StopCause | null,
  memoryLimitBytes: number | null = null,
): Ending {
  const { exitCode, vanished, error } = outcome;
  if (stopped) return { reason: stopped.reason, exitCode, detail: stopped.detail };
  if (vanished) return { reason: 'container-vanished', exitCode, detail: {} };
  if (outcome.engineRestarted === true) return { reason: 'engine-restarted', exitCode, detail: { detail: error } };
  if (exitCode === null) {
    if (error === '') return { reason: 'container-vanished', exitCode, detail: {} };
    return { reason: 'internal-error', exitCode, detail: { detail: error } };
  }
  // A container can survive the death of a child by memory and still succeed, so the exit code is asked first.
  if (exitCode === 0) return { reason: 'completed', exitCode, detail: {} };
  if (ranOutOfMemory(outcome, memoryLimitBytes)) return { reason: 'out-of-memory', exitCode, detail: {} };
  if (outcome.commandProblem !== null) {
    return { reason: 'command-not-runnable', exitCode, detail: { detail: outcome.commandProblem } };
  }
  if (error !== '') return { reason: 'start-failed', exitCode, detail: { detail: error } };
  const signal = signalOf(exitCode);
  if (signal !== undefined) {
    return { reason: 'killed-by-signal', exitCode, detail: { signal, detail: whereToLook(signal) } };
  }
  return { reason: 'exit-code', exitCode, detail: { exitCode } };
}

/** The sentence of an ending. */
export function describeEnding({ reason, detail }: Ending): string {
  return describeReason(reason, detail);
}
