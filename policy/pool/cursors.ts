import type { Order } from './order';
import type { Entry, WaitClass } from './queue';

/** Where a pass stands in a class that may start somebody. */
export interface Cursor {
  readonly wait: WaitClass;
  at: number;
  /** The shortest limit of those of the class that were kept out in this pass. */
  tooLongMs: number;
}

export const entryAt = ({ wait, at }: Cursor): Entry => wait.entries[at]!;

/** The cursor whose run comes first. */
export function firstCursor(cursors: readonly Cursor[], order: Order): Cursor | undefined {
  let first = cursors[0];
  for (const cursor of cursors) {
    if (cursor !== first && order.compare(entryAt(cursor), entryAt(first!)) < 0) first = cursor;
  }
  return first;
}
