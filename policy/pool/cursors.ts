import type { Order } from './order';
import type { Entry, WaitClass } from './queue';

/** Where a pass stands in a class that may start somebody. */
export interface Cursor {
  readonly wait: WaitClass;
  at: number;
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

export const entryAt = ({ wait, at }: Cursor): Entry => wait.entries[at]!;

export function createCursors(waits: readonly WaitClass[], order: Order): Cursors {
  const heap: Cursor[] = waits.map((wait) => ({ wait, at: 0, tooLongMs: Infinity }));
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
