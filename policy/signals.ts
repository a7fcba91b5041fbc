/** The signal by which a command ended, by its exit code; null where it was none that programs die of. */
export function signalOf(exitCode: number | null): Signal | null {
  return exitCode === null ? null : (SIGNALS_BY_EXIT_CODE[exitCode] ?? null);
}

/** Where to look for who sent a signal that was not ours, or for what brought it about. */
export function whereToLook(signal: Signal): string {
  return WHERE_TO_LOOK[signal];
}

/** An init process reports a death by signal as 128 + its number; these are the ones that programs die of. */
const SIGNALS_BY_EXIT_CODE: Partial<Record<number, Signal>> = {
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

export type Signal =
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

const WHERE_TO_LOOK: Record<Signal, string> = {
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
