import { CancellationScope } from '@temporalio/workflow';

import { cancellableSleep } from './sleep';
import type { Stopwatch } from './stopwatch';

/** A limit that can be moved while its time runs, with a warning before its end. */
export interface Deadline {
  watch: Stopwatch;
  limitMs: () => number;
  /** How long before the end the warning comes; null: there is none. */
  warnMs: () => number | null;
  /** Comes once for each end: again where the limit was moved so that the time of the warning lies ahead. */
  warn: () => void;
  /** Resolves when any of the above is another than it was, or the watch was held or goes on. */
  changed: () => Promise<void>;
}

/**
 * Resolves when a deadline is reached; false where its scope was cancelled first. There is one timer at a time. As long as
 * nothing changes and no warning is wanted, it is the only one, for all of the limit.
 */
export async function reachDeadline(deadline: Deadline): Promise<boolean> {
  let isWarned = false;
  for (;;) {
    const leftMs = deadline.limitMs() - deadline.watch.passedMs;
    if (leftMs <= 0) return true;
    const warnMs = deadline.warnMs();
    const untilWarningMs = warnMs === null ? 0 : leftMs - warnMs;
    if (untilWarningMs > 0) isWarned = false;
    else if (warnMs !== null && !isWarned) {
      isWarned = true;
      deadline.warn();
    }
    const nextMs = untilWarningMs > 0 ? untilWarningMs : leftMs;
    const end = await (deadline.watch.runs ? sleepUnlessChanged(nextMs, deadline.changed()) : held(deadline.changed()));
    if (end === 'cancelled') return false;
  }
}

type Wait = 'over' | 'changed' | 'cancelled';

async function sleepUnlessChanged(ms: number, changed: Promise<void>): Promise<Wait> {
  const scope = new CancellationScope();
  const sleeping = scope.run(async () => cancellableSleep(ms));
  const end = await Promise.race([sleeping, changed.then(() => 'changed' as const)]);
  if (end !== 'changed') return end ? 'over' : 'cancelled';
  scope.cancel();
  await sleeping;
  return 'changed';
}

async function held(changed: Promise<void>): Promise<Wait> {
  const cancelled = CancellationScope.current().cancelRequested.catch(() => 'cancelled' as const);
  return Promise.race([changed.then(() => 'changed' as const), cancelled]);
}
