import type { Order } from './order';
import type { Entry, WaitClass } from './queue';

/** Where a pass stands in a class that may start somebody. */
export interface Cursor {
  readonly wait: WaitClass;
  at: number;
  /** Whoever would still be there later has no place. */
  readonly latestMs: number;
  readonly nowMs: number;
  /** The shortest limit of those of the class that were kept out in this pass. */
  tooLongMs: number;
}

/** How many of a class are passed over in search of one whose limit is short enough. */
const MOST_PASSED = 500;

/** Classes in the order of the runs that their cursors stand at: a binary heap. */
export interface Cursors {
  first(): Cursor | undefined;
  /** The first has moved to a later run. */
  moved(): void;
  dropFirst(): void;
  /** The order has changed. */
  sort(): void;
}

/** To the next of its class that is short enough; behind its end where none is near. */
export function advance(cursor: Cursor): void {
  const { wait, latestMs, nowMs, tooLongMs } = cursor;
  const { entries } = wait;
  const last = Math.min(entries.length, cursor.at + MOST_PASSED);
  for (cursor.at += 1; cursor.at < last; cursor.at += 1) {
    const { limitMs } = entryAt(cursor).request;
    if (nowMs + limitMs <= latestMs && limitMs < tooLongMs) return;
  }
  cursor.at = entries.length;
}

export const entryAt = ({ wait, at }: Cursor): Entry => wait.entries[at]!;

/** At the first of a class that may have a place; null where none may. */
function cursorIn(wait: WaitClass, nowMs: number, latestMs: number): Cursor | null {
  const cursor = { wait, at: -1, latestMs, nowMs, tooLongMs: Infinity };
  advance(cursor);
  return cursor.at < wait.entries.length ? cursor : null;
}

/** @param latestOf until when one of a class may have a place, if it may have one. */
export function createCursors(
  waits: readonly WaitClass[],
  order: Order,
  nowMs: number,
  latestOf: (wait: WaitClass) => number,
): Cursors {
  const heap = waits.flatMap((wait) => cursorIn(wait, nowMs, latestOf(wait)) ?? []);
  const isBefore = (one: number, other: number): boolean =>
    order.compare(entryAt(heap[one]!), entryAt(heap[other]!)) < 0;
  const sink = (from: number): void => {
    for (let at = from; ;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child += 1) {
        if (isBefore(child, least)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  };
  const sort = (): void => {
    for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) sink(at);
  };
  sort();
  return {
    first: () => heap[0],
    moved: () => sink(0),
    dropFirst: () => {
      const last = heap.pop();
      if (!last || heap.length === 0) return;
      heap[0] = last;
      sink(0);
    },
    sort,
  };
}
