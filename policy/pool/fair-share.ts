import type { LeaseRequest, PoolSettings } from '../../contract/pool';
import { thousandths } from './host';
import type { Pool } from './pool';
import type { Account, Held } from './state';

/**
 * Fair share between projects. What a project uses is counted in seconds of its dominant share (the largest of its shares of
 * CPUs, memory and GPUs: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011) and forgotten with a half-life, as batch
 * schedulers do.
 */

/** What is held now counts as if it had been for this much longer, so that leases given in one go are shared as well. */
const AHEAD_SECONDS = 3_600;

const NOTHING: Account = { stock: 0, atMs: 0, rate: 0 };

/** The less, the sooner it is the project's turn. */
export function standingOf(pool: Pool, project: string, nowMs: number): number {
  const account = pool.accounts.get(project);
  if (!account) return 0;
  const { stock, rate } = settled(account, pool.settings, nowMs);
  return (stock + rate * AHEAD_SECONDS) / weightOf(pool.settings, project);
}

export function weightOf({ weights }: PoolSettings, project: string): number {
  const weight = Object.hasOwn(weights, project) ? weights[project]! : 1;
  return weight > 0 ? weight : Number.MIN_VALUE;
}

/** Begins, or ends, to count a lease. */
export function countUse(pool: Pool, { request, share }: Held, sign: 1 | -1, nowMs: number): void {
  const { project } = request;
  const account = settled(pool.accounts.get(project) ?? NOTHING, pool.settings, nowMs);
  const holdsNone = !pool.projects.has(project);
  pool.accounts.set(project, { ...account, rate: holdsNone ? 0 : account.rate + sign * share });
}

/** Share of all that the pool has that a request takes of the resource it takes most of. */
export function dominantShare(pool: Pool, request: LeaseRequest): number {
  const { totals } = pool;
  const { nodes, cpus, memoryBytes, gpus } = request;
  const shares = [
    [thousandths(cpus), totals.cpus],
    [memoryBytes, totals.memory],
    [gpus, totals.gpus],
  ] as const;
  return Math.max(...shares.map(([amount, total]) => (total > 0 ? (nodes * amount) / total : 0)));
}

/** As of now: older use has decayed, and what was held since is added. */
function settled({ stock, atMs, rate }: Account, { usageHalfLifeMs }: PoolSettings, nowMs: number): Account {
  if (nowMs <= atMs) return { stock, atMs, rate };
  const perSecond = (Math.LN2 * 1_000) / Math.max(1, usageHalfLifeMs);
  const kept = Math.exp((-perSecond * (nowMs - atMs)) / 1_000);
  return { stock: stock * kept + (rate * (1 - kept)) / perSecond, atMs: nowMs, rate };
}
