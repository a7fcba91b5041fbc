/** What will happen, the earliest first; of the same time in the order in which it was added. */
export interface EventHeap<T> {
  add(atMs: number, event: T): void;
  next(): { atMs: number; event: T } | undefined;
  /** Infinite where nothing is left. */
  nextMs(): number;
}

interface Item<T> {
  atMs: number;
  turn: number;
  event: T;
}

export function createEventHeap<T>(): EventHeap<T> {
  const items: Item<T>[] = [];
  let turns = 0;
  return {
    add(atMs, event) {
      items.push({ atMs, turn: (turns += 1), event });
      rise(items, items.length - 1);
    },
    next() {
      const first = items[0];
      const last = items.pop();
      if (last && items.length > 0) {
        items[0] = last;
        sink(items, 0);
      }
      return first;
    },
    nextMs: () => items[0]?.atMs ?? Infinity,
  };
}

const isBefore = <T>(one: Item<T>, other: Item<T>): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.turn < other.turn);

function rise<T>(items: Item<T>[], from: number): void {
  for (let at = from; at > 0;) {
    const parent = (at - 1) >> 1;
    if (!isBefore(items[at]!, items[parent]!)) return;
    [items[at], items[parent]] = [items[parent]!, items[at]!];
    at = parent;
  }
}

function sink<T>(items: Item<T>[], from: number): void {
  for (let at = from; ;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < items.length && isBefore(items[child]!, items[least]!)) least = child;
    }
    if (least === at) return;
    [items[at], items[least]] = [items[least]!, items[at]!];
    at = least;
  }
}
