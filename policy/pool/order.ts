import type { PoolSettings } from '../../contract/pool';
import { standingOf } from './fair-share';
import type { Pool } from './pool';
import { byAge, placeIn, type Entry, type WaitClass } from './queue';

/** Points that waiting can add at most: the least priority then stands beside the highest. */
const MOST_AGEING = 100;

/** Priority with a point for each `ageingMs` in the queue. */
export function effectivePriority(
  priority: number,
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
  /** What a project holds has changed. */
  forget(project: string): void;
}

/** Effective priority in whole points, then the project that had least of its share, then age, then id. */
export function orderAt(pool: Pool, nowMs: number): Order {
  const { settings } = pool;
  const standings = new Map<string, number>();
  let stamp = (pool.orders += 1);
  const standing = (wait: WaitClass): number => {
    if (wait.standing.of === stamp) return wait.standing.value;
    const value = standings.get(wait.project) ?? standingOf(pool, wait.project, nowMs);
    standings.set(wait.project, value);
    wait.standing = { of: stamp, value };
    return value;
  };
  const points = ({ of, submittedMs, points: known }: Entry): number => {
    if (known.atMs === nowMs && known.settings === settings) return known.value;
    known.atMs = nowMs;
    known.settings = settings;
    known.value = Math.round(effectivePriority(of.priority, submittedMs, settings, nowMs));
    return known.value;
  };
  return {
    compare: (one, other) => points(other) - points(one) || standing(one.of) - standing(other.of) || byAge(one, other),
    forget: (project) => {
      standings.delete(project);
      stamp = pool.orders += 1;
    },
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
  if (order.compare(entries[0]!, entry) > 0) return 0;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order.compare(entries[middle]!, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
