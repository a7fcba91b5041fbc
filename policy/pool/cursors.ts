import type { Order } from './order';
import type { Entry, WaitClass } from './queue';

/** Where a pass stands in a class that may start somebody. */
export interface Cursor {
  readonly wait: WaitClass;
  at: number;
  /** Whoever would still be there later has no place. */
  readonly latestMs: number;
  readonly nowMs: number;
  /** Whether an owner may have one more of the class. */
  readonly hasQuota: (entry: Entry) => boolean;
  /** The shortest limit of those of the class that were kept out in this pass. */
  tooLongMs: number;
}

/** Classes in the order of the runs that their cursors stand at: a binary heap. */
export interface Cursors {
  first(): Cursor | undefined;
  /** The first has moved to a later run. */
  moved(): void;
  dropFirst(): void;
  /** The order has changed. */
  sort(): void;
}

/** To the next of its class that is short enough and whose owner may have one more; behind its end where there is none. */
export function advance(cursor: Cursor): void {
  const { wait, latestMs, nowMs, tooLongMs, hasQuota } = cursor;
  for (cursor.at += 1; cursor.at < wait.entries.length; cursor.at += 1) {
    const entry = entryAt(cursor);
    const { limitMs } = entry.request;
    if (nowMs + limitMs <= latestMs && limitMs < tooLongMs && hasQuota(entry)) return;
  }
}

export const entryAt = ({ wait, at }: Cursor): Entry => wait.entries[at]!;

/** What is the same for all classes of a pass. */
export interface Bounds extends Pick<Cursor, 'nowMs' | 'hasQuota'> {
  /** Until when one of a class may have a place, if it may have one. */
  latestOf(wait: WaitClass): number;
}

export function createCursors(waits: readonly WaitClass[], order: Order, bounds: Bounds): Cursors {
  const heap = waits.flatMap((wait) => cursorIn(wait, bounds) ?? []);
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

/** At the first of a class that may have a place; null where none may. */
function cursorIn(wait: WaitClass, { nowMs, hasQuota, latestOf }: Bounds): Cursor | null {
  const cursor = { wait, at: -1, latestMs: latestOf(wait), nowMs, hasQuota, tooLongMs: Infinity };
  advance(cursor);
  return cursor.at < wait.entries.length ? cursor : null;
}
