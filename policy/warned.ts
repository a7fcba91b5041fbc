import type { WarnSignal } from '../contract/spec-policy';
import type { Ending } from './outcome';

/** Numbers of the signals, as the kernel of every platform that runs containers has them. */
const NUMBERS: Record<WarnSignal, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGWINCH: 28,
};

/**
 * How an attempt ended whose program had been warned: one that the warning itself ended was not killed by a stranger, and
 * its exit code is for the policy to judge like any other.
 */
export function endingAfterWarning(ending: Ending, warnedBy: WarnSignal | null): Ending {
  const { exitCode, reason } = ending;
  const isOfProgram = reason === 'exit-code' || reason === 'killed-by-signal';
  if (warnedBy === null || exitCode === null || !isOfProgram) return ending;
  if (exitCode !== 128 + NUMBERS[warnedBy]) return ending;
  const why = `The program was ended by ${warnedBy}, the warning before a limit; let it handle that signal, or choose another (policy.timeouts.warnSignal).`;
  return { reason: 'exit-code', exitCode, detail: { exitCode, detail: why } };
}
