import type { ContainerOutcome } from '../contract/activities';
import { describeReason, type EndReason, type ReasonDetail } from '../contract/reason';

/** How an attempt, or a whole run, ended: the cause, and what its sentence is filled with. */
export interface Ending {
  reason: EndReason;
  exitCode: number | null;
  detail: ReasonDetail;
}

/** Why Trainyard itself asks a container to end. The first such cause is the one that stays. */
export interface StopCause {
  reason: 'cancelled' | 'running-timeout' | 'silent' | 'suspended' | 'total-timeout';
  detail: ReasonDetail;
}

/**
 * Decides why a container ended, in the order in which causes hide each other: it was taken away, or lost > we stopped it > the
 * engine was restarted > memory > the command > the engine > a signal that is not ours > the exit code.
 *
 * @param stopped the cause for which we ended it; null where it ended by itself, also if that was just before our stop.
 */
export function judgeOutcome(outcome: ContainerOutcome, stopped: StopCause | null): Ending {
  const { exitCode } = outcome;
  if (stopped) return { reason: stopped.reason, exitCode, detail: stopped.detail };
  if (!outcome.vanished && exitCode === null && outcome.error !== '') {
    return { reason: 'internal-error', exitCode, detail: { detail: outcome.error } };
  }
  if (outcome.vanished || exitCode === null) return { reason: 'container-vanished', exitCode, detail: {} };
  if (outcome.engineRestarted === true) return { reason: 'engine-restarted', exitCode, detail: {} };
  // A container can survive the death of a child by memory and still succeed, so the exit code is asked first.
  if (exitCode === 0) return { reason: 'completed', exitCode, detail: {} };
  if (outcome.oomKilled) return { reason: 'out-of-memory', exitCode, detail: {} };
  if (outcome.commandProblem !== null) {
    return { reason: 'command-not-runnable', exitCode, detail: { detail: outcome.commandProblem } };
  }
  if (outcome.error !== '') return { reason: 'start-failed', exitCode, detail: { detail: outcome.error } };
  const signal = SIGNALS_BY_EXIT_CODE[exitCode];
  if (signal !== undefined) return { reason: 'killed-by-signal', exitCode, detail: { signal, detail: HINTS[signal] } };
  return { reason: 'exit-code', exitCode, detail: { exitCode } };
}

/** The sentence of an ending. */
export function describeEnding({ reason, detail }: Ending): string {
  return describeReason(reason, detail);
}

/** An init process reports a death by signal as 128 + its number; these are the ones that programs die of. */
const SIGNALS_BY_EXIT_CODE: Record<number, Signal> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM',
};

type Signal =
  | 'SIGHUP'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGILL'
  | 'SIGABRT'
  | 'SIGBUS'
  | 'SIGFPE'
  | 'SIGKILL'
  | 'SIGSEGV'
  | 'SIGPIPE'
  | 'SIGTERM';

const BY_HAND = 'Somebody may have used `docker stop` or `docker kill`; a run is ended with `trainyard cancel`.';
const CRASH = 'The program, or a library that it uses, crashed; the end of its log may say more.';

/** Where to look, by signal. */
const HINTS: Record<Signal, string> = {
  SIGHUP: BY_HAND,
  SIGINT: BY_HAND,
  SIGQUIT: BY_HAND,
  SIGTERM: BY_HAND,
  SIGKILL:
    'Somebody may have used `docker kill`, or the whole host was short of memory: then its kernel log (dmesg) names the process.',
  SIGPIPE: 'The program wrote to a pipe or a connection that nobody read any more.',
  SIGILL: CRASH,
  SIGABRT: CRASH,
  SIGBUS: CRASH,
  SIGFPE: CRASH,
  SIGSEGV: CRASH,
};
