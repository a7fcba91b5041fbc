import type { EndedAttempt, Notification } from '../contract/notification';
import type { Attempt, Run, RunStatus } from '../contract/run';
import type { NotifyTarget, Trigger } from '../contract/spec-notify';
import { isEndState, RUN_STATES, type RunState } from '../contract/state';

/** How much of a run the targets of its notifications have had the chance to hear. */
export interface Heard {
  /** Null before the first change. */
  state: RunState | null;
  /** Attempts that had ended. */
  ended: number;
  /** Notifications that were due. */
  due: number;
}

export const HEARD_NOTHING: Heard = { state: null, ended: 0, due: 0 };

/** Notifications of one run at most, but for its end: a host that comes and goes for days must not fill the history. */
export const MOST_NOTIFICATIONS = 500;

export interface Plan {
  heard: Heard;
  /** At most one for each target, in their order; who numbers and times them adds the rest. */
  due: { target: NotifyTarget; content: Omit<Notification, 'id' | 'at'> }[];
  /** True where this is the first change that is not told to all, because the run has told enough. */
  fallsSilent: boolean;
}

/**
 * Who is told what when a run has entered a state. What belongs to one change (its attempt ended, a rule matched, it is now
 * retrying) is one notification, so that nobody is told the same thing three times.
 *
 * @param rule what a rule of the policy said of the attempt that ended; null where none matched it.
 */
export function planNotifications(
  targets: readonly NotifyTarget[],
  heard: Heard,
  { run, attempts }: RunStatus,
  rule: string | null,
): Plan {
  const ended = attempts.filter(({ reason }) => reason !== null);
  const news = ended.slice(heard.ended);
  const words = wordsOf(heard, run, news, rule);
  const all = targets.flatMap((target): Plan['due'] => {
    const triggers = words.filter((word) => target.on.includes(word));
    const [type] = triggers;
    if (type === undefined) return [];
    return [{ target, content: { type, triggers, run: shown(run), ended: endedAttempt(news.at(-1)), rule } }];
  });
  const left = isEndState(run.state) ? all.length : Math.max(0, MOST_NOTIFICATIONS - heard.due);
  return {
    heard: { state: run.state, ended: ended.length, due: heard.due + all.length },
    due: all.slice(0, left),
    fallsSilent: left < all.length && heard.due <= MOST_NOTIFICATIONS,
  };
}

function wordsOf(heard: Heard, run: Run, ended: Attempt[], rule: string | null): Trigger[] {
  const state: Trigger[] = run.state === heard.state ? [] : [run.state];
  const reasons = [...ended.map(({ reason }) => reason), isEndState(run.state) ? run.reason : null]
    .filter((reason) => reason !== null)
    // Of what is the word for both, the state is told: it comes when all is done.
    .filter((reason) => !(RUN_STATES as readonly string[]).includes(reason));
  return [...new Set<Trigger>([...state, ...reasons, ...(rule === null ? [] : ['rule' as const])])];
}

function shown(run: Run): Notification['run'] {
  const { id, name, state, reason, message, attempt, host, exitCode, labels, recipe } = run;
  return { id, name, state, reason, message, attempt, host, exitCode, labels, recipe };
}

function endedAttempt(attempt: Attempt | undefined): EndedAttempt | null {
  if (attempt === undefined || attempt.reason === null) return null;
  const { number, reason, message, exitCode, evidence } = attempt;
  return { attempt: number, reason, message: message ?? '', exitCode, hint: evidence?.hint?.sentence ?? null };
}
