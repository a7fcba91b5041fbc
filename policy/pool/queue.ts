import type { LeaseRequest, PoolSettings } from '../../contract/pool';
import { before } from './host';
import type { Shape } from './shape';
import type { Waiting } from './state';

/** Claims that wait, in classes of equals. */
export interface Queue {
  /** By run. */
  readonly entries: Map<string, Entry>;
  readonly classes: Map<string, WaitClass>;
}

/** Waiting claims that differ by nothing but owner, age and limit: always in the same order among each other. */
export interface WaitClass {
  readonly key: string;
  readonly shape: Shape;
  readonly project: string;
  /** Without ageing. */
  readonly priority: number;
  /** In order. */
  readonly entries: Entry[];
  /** The least limit of all. */
  shortestMs: number;
  /** What the newest order knows of the project; see policy/pool/order. */
  standing: { of: number; value: number };
}

export interface Entry {
  readonly waiting: Waiting;
  readonly request: LeaseRequest;
  readonly submittedMs: number;
  readonly of: WaitClass;
  /** Effective priority in whole points, as of an instant and of the settings then. */
  points: { atMs: number; settings: PoolSettings | null; value: number };
}

export function addToQueue(queue: Queue, waiting: Waiting, shape: Shape): Entry {
  const { request } = waiting;
  const { project, priority, preemptible, submittedAt } = request;
  const key = JSON.stringify([project, priority, preemptible, shape.key]);
  let of = queue.classes.get(key);
  if (!of) {
    of = { key, shape, project, priority, entries: [], shortestMs: Infinity, standing: { of: -1, value: 0 } };
    queue.classes.set(key, of);
  }
  const entry = {
    waiting,
    request,
    submittedMs: Date.parse(submittedAt),
    of,
    points: { atMs: NaN, settings: null, value: 0 },
  };
  of.entries.splice(placeIn(of, entry), 0, entry);
  of.shortestMs = Math.min(of.shortestMs, request.limitMs);
  queue.entries.set(waiting.runId, entry);
  return entry;
}

export function removeFromQueue(queue: Queue, entry: Entry): void {
  const { of, request } = entry;
  const { entries, key } = of;
  queue.entries.delete(entry.waiting.runId);
  entries.splice(placeIn(of, entry), 1);
  if (request.limitMs === of.shortestMs) {
    of.shortestMs = entries.reduce((least, other) => Math.min(least, other.request.limitMs), Infinity);
  }
  if (entries.length === 0) queue.classes.delete(key);
}

/** How many of a class come before an entry of it. */
export function placeIn({ entries }: WaitClass, entry: Entry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byAge(entries[middle]!, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The older submission first, then the smaller id. */
export function byAge(one: Entry, other: Entry): number {
  return one.submittedMs - other.submittedMs || before(one.waiting.runId, other.waiting.runId);
}
