/** Signals that programs die of, with the exit code by which an init process reports each: 128 plus its number. */
export const SIGNAL_EXIT_CODES = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGQUIT: 131,
  SIGILL: 132,
  SIGABRT: 134,
  SIGBUS: 135,
  SIGFPE: 136,
  SIGKILL: 137,
  SIGSEGV: 139,
  SIGPIPE: 141,
  SIGTERM: 143,
} as const;

export type Signal = keyof typeof SIGNAL_EXIT_CODES;

export const SIGNALS = Object.keys(SIGNAL_EXIT_CODES) as Signal[];

/** The signal that an exit code reports; undefined for every other code. */
export function signalOf(exitCode: number | null): Signal | undefined {
  return SIGNALS.find((signal) => SIGNAL_EXIT_CODES[signal] === exitCode);
}
