import type { Pool } from './pool';
import { countWhile } from './queue';
import { endOf } from './releases';
import type { Held } from './state';

/**
 * All leases of a pool in the order in which they end; see `endOf` in policy/pool/releases. It is kept in order only while
 * something is reserved: nobody else asks.
 */
export function endsOf(pool: Pool): readonly Held[] {
  pool.ends ??= [...pool.held.values()].toSorted((one, other) => endOf(one) - endOf(other));
  return pool.ends;
}

/** How many are over by a time. */
export const countEnded = (ends: readonly Held[], atMs: number): number =>
  countWhile(ends.length, (at) => endOf(ends[at]!) <= atMs);

export function addEnd(pool: Pool, held: Held): void {
  const ends = kept(pool);
  ends?.splice(countEnded(ends, endOf(held)), 0, held);
}

/** Asked before anything about the lease changes. */
export function dropEnd(pool: Pool, held: Held): void {
  const ends = kept(pool);
  if (!ends) return;
  let at = countEnded(ends, endOf(held)) - 1;
  while (at >= 0 && ends[at] !== held) at -= 1;
  if (at >= 0) ends.splice(at, 1);
}

function kept(pool: Pool): Held[] | null {
  if (pool.reservations.length === 0) pool.ends = null;
  return pool.ends;
}
