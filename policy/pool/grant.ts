import type { Lease } from '../../contract/pool';
import { countUse, dominantShare } from './fair-share';
import { nodesOf, type Part } from './fit';
import { hold, letGo } from './occupancy';
import type { Pool } from './pool';
import { removeFromQueue, type Entry } from './queue';
import type { Held } from './state';

/**
 * A waiting claim gets its lease.
 *
 * @param passed see policy/pool/seniority.
 */
export function grant(
  pool: Pool,
  entry: Entry,
  { parts, because, passed }: { parts: readonly Part[]; because: string; passed: number | null },
  nowMs: number,
): Lease {
  const { runId, claim, attempt, request } = entry.waiting;
  removeFromQueue(pool.queue, entry);
  const lease: Lease = {
    runId,
    claim,
    attempt,
    nodes: nodesOf(entry.of.shape, parts),
    grantedAt: new Date(nowMs).toISOString(),
    because,
  };
  const held: Held = { lease, request, grantedMs: nowMs, share: dominantShare(pool, request), passed, told: null };
  hold(pool, held);
  countUse(pool, held, 1, nowMs);
  return lease;
}

/** A lease is over. */
export function end(pool: Pool, held: Held, nowMs: number): void {
  letGo(pool, held);
  countUse(pool, held, -1, nowMs);
}
