import type { Signal } from '../contract/signals';

/** Where to look for who sent a signal that was not ours, or for what brought it about. */
export function whereToLook(signal: Signal): string {
  return WHERE_TO_LOOK[signal];
}

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
