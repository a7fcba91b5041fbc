import type { Gpu } from '../../contract/gpu';
import type { LeaseRequest } from '../../contract/pool';
import { isReady } from './host';
import { gpusIn, type Plan } from './plan';
import type { Pool } from './pool';
import { endOf } from './releases';
import { activeAt, add, beginsWhile, brokenIn, createStock, type Reserved, type Stock } from './reserved';
import type { Counts } from './stock-table';
import type { Held } from './state';

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
  const { pool, reserved, nowMs } = known;
  const { request, gpus, atMs: fromMs } = taking;
  if (gpus.length === 0) return fromMs;
  const stock = stockOfStart(pool, fromMs, nowMs);
  const leases = [...pool.held.values()].filter((lease) => endOf(lease) > fromMs);
  const ends = leases.toSorted((one, other) => endOf(one) - endOf(other));
  const isBlocked = rememberedBy((atMs) => breaksAt(pool, reserved.stockAt(atMs), taking));
  const untils = reserved.open.map(({ until }) => Date.parse(until));
  const apart = Math.ceil(ends.length / MOST_ENDS);
  const looked = ends.filter((_, index) => index % apart === 0).map(endOf);
  const times = [fromMs, ...looked, ...untils].filter((atMs) => atMs >= fromMs);
  let ended = 0;
  for (const atMs of [...new Set(times)].toSorted((one, other) => one - other)) {
    for (; ended < ends.length && endOf(ends[ended]!) <= atMs; ended += 1) giveBack(pool, stock, ends[ended]!);
    stock.active = activeAt(pool, atMs);
    if (breaksAt(pool, stock, taking)) continue;
    if (reserved.covers(request) || !beginsWhile(pool, reserved.open, request, atMs).some(isBlocked)) return atMs;
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
    ...(isThere(plan.atMs) ? [stockOfStart(pool, plan.atMs, nowMs)] : []),
    ...(taking.request.preemptible && pool.settings.preemption ? [] : begins.filter(isThere).map(reserved.stockAt)),
  ];
  return stocks.some((stock) => breaksAt(pool, without(stock, taking), later) && !breaksAt(pool, stock, later));
}

const breaksAt = (pool: Pool, stock: Stock, { request, gpus }: Taking): boolean =>
  brokenIn(pool, stock, request, gpus, []) !== null;

/** Preemptible runs may still be there: nobody asks them to go for a run that only waits. */
const stockOfStart = (pool: Pool, atMs: number, nowMs: number): Stock =>
  createStock(pool, atMs, nowMs, (lease) => endOf(lease) <= atMs);

function giveBack({ hostNamed }: Pool, { free, held }: Stock, { request, lease }: Held): void {
  const counts = held.get(request.project) ?? new Map<string, number>();
  for (const node of lease.nodes) {
    const host = hostNamed.get(node.host);
    for (const id of node.gpuIds) {
      const model = host?.usable.get(id)?.model;
      if (!host || model === undefined) continue;
      add(counts, model, -1);
      if (isReady(host)) add(free, model, 1);
    }
  }
}

function without({ active, free, held }: Stock, { request, gpus }: Taking): Stock {
  const rest: Counts = new Map(free);
  const counts: Counts = new Map(held.get(request.project));
  for (const { model } of gpus) {
    add(rest, model, -1);
    add(counts, model, 1);
  }
  return { active, free: rest, held: new Map(held).set(request.project, counts) };
}

function rememberedBy(find: (atMs: number) => boolean): (atMs: number) => boolean {
  const known = new Map<number, boolean>();
  return (atMs) => {
    const found = known.get(atMs) ?? find(atMs);
    known.set(atMs, found);
    return found;
  };
}
