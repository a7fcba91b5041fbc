import type { LeaseRequest, PoolSettings } from '../../contract/pool';
import { standingOf } from './fair-share';
import type { Pool } from './pool';
import { byAge, placeIn, type Entry, type WaitClass } from './queue';

/** Points that waiting can add at most: the least priority then stands beside the highest. */
const MOST_AGEING = 100;

/** Priority with a point for each `ageingMs` in the queue. */
export function effectivePriority(
  { priority }: Pick<LeaseRequest, 'priority'>,
  submittedMs: number,
  { ageingMs }: PoolSettings,
  nowMs: number,
): number {
  if (ageingMs <= 0) return priority;
  return priority + Math.min(MOST_AGEING, Math.max(0, nowMs - submittedMs) / ageingMs);
}

/** Compares waiting claims at one instant. */
export interface Order {
  compare(one: Entry, other: Entry): number;
  /** A project's share has changed. */
  forget(project: string): void;
}

/** Effective priority in whole points, then the project that had least of its share, then age, then id. */
export function orderAt(pool: Pool, nowMs: number): Order {
  const standings = new Map<string, number>();
  const standing = (project: string): number => {
    let known = standings.get(project);
    if (known === undefined) {
      known = standingOf(pool, project, nowMs);
      standings.set(project, known);
    }
    return known;
  };
  const points = ({ of, submittedMs }: Entry): number =>
    Math.round(effectivePriority(of.request, submittedMs, pool.settings, nowMs));
  return {
    compare: (one, other) =>
      points(other) - points(one) ||
      standing(one.of.request.project) - standing(other.of.request.project) ||
      byAge(one, other),
    forget: (project) => standings.delete(project),
  };
}

/** How many waiting claims come before one. */
export function countBefore(pool: Pool, order: Order, entry: Entry): number {
  let count = 0;
  for (const other of pool.queue.classes.values()) count += countIn(other, order, entry);
  return count;
}

function countIn(wait: WaitClass, order: Order, entry: Entry): number {
  const { entries } = wait;
  if (entry.of === wait) return placeIn(wait, entry);
  if (order.compare(entries.at(-1)!, entry) < 0) return entries.length;
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order.compare(entries[middle]!, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
