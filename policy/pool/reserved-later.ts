import type { Gpu } from '../../contract/gpu';
import type { LeaseRequest } from '../../contract/pool';
import { countEnded, endsOf } from './ends';
import { gpusIn, type Plan } from './plan';
import type { Pool } from './pool';
import { endOf } from './releases';
import { activeAt, beginsWhile, brokenIn, moved, remembered, type Reserved, type Stock } from './reserved';
import { copyOf, giveBack } from './stock';

/** What reservations keep from runs that begin later. */

interface Known {
  readonly pool: Pool;
  readonly reserved: Reserved;
  readonly nowMs: number;
}

/** A run that takes GPUs, at once or from a time on. */
interface Taking {
  request: LeaseRequest;
  gpus: readonly Gpu[];
}

/** Ends of leases that are looked at in search of a start; of more, some, so that it may be later than it could. */
const MOST_ENDS = 50;

/**
 * When a run may begin with such GPUs without breaking a reservation: then, or as soon as enough leases or reservations have
 * ended. Leases are taken to last as long as they may.
 */
export function startOf(known: Known, taking: Taking & { atMs: number }): number {
  const { pool, reserved } = known;
  const { request, gpus, atMs: fromMs } = taking;
  if (gpus.length === 0) return fromMs;
  const isBlocked = remembered((atMs) => breaksAt(pool, reserved.stockAt(atMs), taking));
  const mayBegin = (stock: Stock, atMs: number): boolean =>
    !breaksAt(pool, stock, taking) &&
    (reserved.covers(request) || !beginsWhile(pool, reserved.open, request, atMs).some(isBlocked));
  const first = reserved.stockAfter(fromMs);
  if (mayBegin(first, fromMs)) return fromMs;
  const all = endsOf(pool);
  const ends = all.slice(countEnded(all, fromMs));
  const untils = reserved.open.map(({ until }) => Date.parse(until));
  const apart = Math.ceil(ends.length / MOST_ENDS);
  const looked = ends.filter((_, index) => index % apart === 0).map(endOf);
  const times = [...looked, ...untils].filter((atMs) => atMs > fromMs);
  const counted = copyOf(first);
  let ended = 0;
  for (const atMs of [...new Set(times)].toSorted((one, other) => one - other)) {
    for (; ended < ends.length && endOf(ends[ended]!) <= atMs; ended += 1) giveBack(pool, counted, ends[ended]!);
    if (mayBegin({ active: activeAt(pool, atMs), ...counted }, atMs)) return atMs;
  }
  return Math.max(fromMs, ...untils);
}

/** Whether one that takes GPUs now would keep another from beginning when it was promised to. */
export function spoils(known: Known, promised: { plan: Plan; request: LeaseRequest }, taking: Taking): boolean {
  const { pool, reserved, nowMs } = known;
  const { plan, request } = promised;
  if (reserved.open.length === 0 || plan.firm || taking.gpus.length === 0 || plan.shape.gpus === 0) return false;
  const later = { request, gpus: gpusIn(plan, plan.shape) };
  const isThere = (atMs: number): boolean => atMs < nowMs + taking.request.limitMs;
  const begins = reserved.covers(request) ? [] : beginsWhile(pool, reserved.open, request, plan.atMs);
  const stocks = [
    ...(isThere(plan.atMs) ? [reserved.stockAfter(plan.atMs)] : []),
    ...(taking.request.preemptible && pool.settings.preemption ? [] : begins.filter(isThere).map(reserved.stockAt)),
  ];
  const taken = { project: taking.request.project, gpus: taking.gpus };
  return stocks.some((stock) => breaksAt(pool, moved(stock, taken, 1), later) && !breaksAt(pool, stock, later));
}

const breaksAt = (pool: Pool, stock: Stock, { request, gpus }: Taking): boolean =>
  brokenIn(pool, stock, request, gpus) !== null;
