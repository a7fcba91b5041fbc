import { changeHeld } from './occupancy';
import { effectivePriority, type Order } from './order';
import type { Pool } from './pool';
import type { Entry } from './queue';
import type { Held } from './state';

/**
 * How far ageing keeps a preemptible run from being ended. One that was started before waiting ones of higher priority, because
 * it had waited longer, counts as of their priority: otherwise they would end it at once, and it would be started before the
 * next of them again, without end. Who has a higher priority still ends it, and who stands before it by now.
 */

/** The highest priority of waiting runs that one has its turn before by its age; null where there is none. */
export function passedBy(pool: Pool, order: Order, entry: Entry): number | null {
  const { priority, preemptible } = entry.request;
  if (!preemptible) return null;
  let highest = priority;
  for (const line of pool.queue.lines.values()) {
    if (line.priority > highest && order.compare(entry, line.entries.at(-1)!) < 0) highest = line.priority;
  }
  return highest > priority ? highest : null;
}

/** Whom a run of this priority may end. */
export function mayEnd(priority: number, { request, passed, told }: Held): boolean {
  return told === null && request.preemptible && Math.max(request.priority, passed ?? 0) < priority;
}

/** Leases count as of no more than their own priority again before a run that would come first if they still waited. */
export function overtake(pool: Pool, { request, submittedMs }: Entry, nowMs: number): void {
  const points = (priority: number, sinceMs: number): number =>
    Math.round(effectivePriority(priority, sinceMs, pool.settings, nowMs));
  const own = points(request.priority, submittedMs);
  for (const [held, sinceMs] of pool.aged) {
    if (points(held.request.priority, sinceMs) < own) changeHeld(pool, held, { passed: null });
  }
}
