import type { LeaseRequest } from '../../contract/pool';
import { before } from './host';
import type { Shape } from './shape';
import type { Waiting } from './state';

/** Claims that wait, in classes of equals. */
export interface Queue {
  /** By run. */
  readonly entries: Map<string, Entry>;
  readonly classes: Map<string, WaitClass>;
}

/** Waiting claims that differ by nothing but their age and their limit: always in the same order among each other. */
export interface WaitClass {
  readonly key: string;
  readonly shape: Shape;
  readonly request: LeaseRequest;
  /** In order. */
  readonly entries: Entry[];
}

export interface Entry {
  readonly waiting: Waiting;
  readonly submittedMs: number;
  readonly of: WaitClass;
}

export function addToQueue(queue: Queue, waiting: Waiting, shape: Shape): Entry {
  const { project, owner, priority, preemptible, submittedAt } = waiting.request;
  const key = JSON.stringify([project, owner, priority, preemptible, shape.key]);
  let of = queue.classes.get(key);
  if (!of) {
    of = { key, shape, request: waiting.request, entries: [] };
    queue.classes.set(key, of);
  }
  const entry = { waiting, submittedMs: Date.parse(submittedAt), of };
  of.entries.splice(placeIn(of, entry), 0, entry);
  queue.entries.set(waiting.runId, entry);
  return entry;
}

export function removeFromQueue(queue: Queue, entry: Entry): void {
  const { entries, key } = entry.of;
  queue.entries.delete(entry.waiting.runId);
  entries.splice(placeIn(entry.of, entry), 1);
  if (entries.length === 0) queue.classes.delete(key);
}

/** How many of a class come before an entry, which may be of another one. */
export function placeIn({ entries }: WaitClass, entry: Pick<Entry, 'submittedMs' | 'waiting'>): number {
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
export function byAge(
  one: Pick<Entry, 'submittedMs' | 'waiting'>,
  other: Pick<Entry, 'submittedMs' | 'waiting'>,
): number {
  return one.submittedMs - other.submittedMs || before(one.waiting.runId, other.waiting.runId);
}
