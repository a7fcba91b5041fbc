import type { PoolSettings } from '../../contract/pool';
import { standingOf } from './fair-share';
import type { Pool } from './pool';
import { byAge, countWhile, placeIn, type Entry, type Line } from './queue';

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
  /** How many of a line come before an entry of another line. */
  countIn(line: Line, entry: Entry): number;
  /** What a project holds has changed. */
  forget(project: string): void;
}

/** Effective priority in whole points, then the project that had least of its share, then age, then id. */
export function orderAt(pool: Pool, nowMs: number): Order {
  const { settings } = pool;
  const standings = new Map<string, number>();
  let stamp = (pool.orders += 1);
  const standing = (line: Line): number => {
    if (line.standing.of === stamp) return line.standing.value;
    const value = standings.get(line.project) ?? standingOf(pool, line.project, nowMs);
    standings.set(line.project, value);
    line.standing = { of: stamp, value };
    return value;
  };
  const points = ({ of: { line }, submittedMs, points: known }: Entry): number => {
    if (known.atMs === nowMs && known.settings === settings) return known.value;
    known.atMs = nowMs;
    known.settings = settings;
    known.value = Math.round(effectivePriority(line.priority, submittedMs, settings, nowMs));
    return known.value;
  };
  return {
    compare: (one, other) => {
      const [line, beside] = [one.of.line, other.of.line];
      if (line === beside) return byAge(one, other);
      return points(other) - points(one) || standing(line) - standing(beside) || byAge(one, other);
    },
    countIn: (line, entry) => {
      const mine = points(entry);
      const { entries, submitted, priority } = line;
      const isBefore = (at: number): boolean => {
        const theirs = Math.round(effectivePriority(priority, submitted[at]!, settings, nowMs));
        if (theirs !== mine) return theirs > mine;
        return (standing(line) - standing(entry.of.line) || byAge(entries[at]!, entry)) < 0;
      };
      return countWhile(entries.length, isBefore);
    },
    forget: (project) => {
      standings.delete(project);
      stamp = pool.orders += 1;
    },
  };
}

/** How many waiting claims come before one. */
export function countBefore(pool: Pool, order: Order, entry: Entry): number {
  let count = 0;
  for (const line of pool.queue.lines.values()) {
    count += line === entry.of.line ? placeIn(line.entries, entry) : order.countIn(line, entry);
  }
  return count;
}
