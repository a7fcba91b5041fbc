import { END_REASONS, REASONS, type EndReason } from './reason';
import { SIGNAL_EXIT_CODES, type Signal } from './signals';
import type { RuleCondition } from './spec-retries';

/** What the conditions of retry rules are for; the same for whoever checks rules and for whoever decides by them. */

/** Reasons after which no attempt can follow, or which somebody wanted: no rule has a say in them. */
export const BEYOND_RULES: readonly EndReason[] = [
  'completed',
  'cancelled',
  'suspended',
  'total-timeout',
  'queued-timeout',
  'no-capacity',
  'invalid-spec',
  'preempted',
  'node-failed',
  'workflow-terminated',
];

/** Reasons with an exit code that is the command's own: one that Trainyard or the engine stopped says nothing by it. */
const OWN_EXIT: readonly EndReason[] = [
  'exit-code',
  'out-of-memory',
  'killed-by-signal',
  'command-not-runnable',
  'start-failed',
];

/** Reasons that can go with a signal. */
const OWN_SIGNAL: readonly EndReason[] = ['out-of-memory', 'killed-by-signal'];

/** End reasons that a condition can hold for. Where it names none, those are the failures of the run's own. */
export function reasonsOf({ reason, exitCode, signal }: RuleCondition): Set<EndReason> {
  const named = reason ?? END_REASONS.filter((name) => REASONS[name].retry === 'user');
  return new Set(
    named.filter(
      (name) =>
        !BEYOND_RULES.includes(name) &&
        (exitCode === undefined || OWN_EXIT.includes(name)) &&
        (signal === undefined || OWN_SIGNAL.includes(name)),
    ),
  );
}

/** Exit codes that a condition can hold for, a signal being one of them; null where it asks for none. */
export function exitCodesOf({ exitCode, signal }: RuleCondition): Set<number> | null {
  const listed = exitCode === undefined ? null : new Set(exitCode.flatMap(codesOf));
  if (signal === undefined) return listed;
  const signalled = new Set<number>(signal.map((name: Signal) => SIGNAL_EXIT_CODES[name]));
  return listed === null ? signalled : new Set([...listed].filter((code) => signalled.has(code)));
}

/** The ends of a range such as `"2-5"`. */
export function readRange(text: string): [first: number, last: number] {
  const [first = NaN, last = NaN] = text.split('-').map(Number);
  return [first, last];
}

function codesOf(code: number | string): number[] {
  if (typeof code === 'number') return [code];
  const [first, last] = readRange(code);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
