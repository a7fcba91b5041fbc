import type { Gpu } from '../../contract/gpu';
import type { LeaseRequest, Reservation } from '../../contract/pool';
import type { Pool } from './pool';
import { isNamed } from './shape';
import { countedAfter, countedAt } from './stock';
import { add, type Counts } from './stock-table';

/** What reservations keep from a run, as of one instant and of the leases of that instant. */
export interface Reserved {
  /**
   * The reservation that a run would break by taking these GPUs; null where it breaks none.
   *
   * @param freed what is held now and would have been given back by then.
   */
  breaks(request: LeaseRequest, gpus: readonly Gpu[], freed?: readonly Holding[]): Reservation | null;
  /** Whether its project has reserved what it asks for, and not taken it yet. */
  covers(request: LeaseRequest): boolean;
  /** Those that are not over yet. */
  readonly open: readonly Reservation[];
  /** As it will be when a reservation begins. */
  stockAt(atMs: number): Stock;
  /** As it will be when the leases are over that end by then; preemptible ones are still there, as nobody asks them to go. */
  stockAfter(atMs: number): Stock;
}

/** GPUs that a project holds. */
export interface Holding {
  project: string;
  gpus: readonly Gpu[];
}

const NO_STOCK: Stock = { active: [], free: new Map(), held: new Map() };

export const NOTHING_RESERVED: Reserved = {
  breaks: () => null,
  covers: () => false,
  open: [],
  stockAt: () => NO_STOCK,
  stockAfter: () => NO_STOCK,
};

/** GPUs of a pool at one instant, by model. */
export interface Stock {
  active: readonly Reservation[];
  free: Counts;
  /** By project. */
  held: Map<string, Counts>;
}

/**
 * GPUs are reserved by their number, not one by one: within the window as many stay free as the project has not taken yet.
 * Before it nobody else may start who would still hold at its beginning what is needed then, by the limit of the run;
 * a preemptible run may, because it is asked to give way when the window begins.
 */
export function reservedAt(pool: Pool, nowMs: number): Reserved {
  const open = pool.reservations.filter(({ until }) => Date.parse(until) > nowMs);
  if (open.length === 0) return NOTHING_RESERVED;
  const stockAt = remembered((atMs) => createStock(pool, atMs, nowMs));
  const stockAfter = remembered((atMs) => ({ active: activeAt(pool, atMs), ...countedAfter(pool, atMs, nowMs) }));
  const covers = (request: LeaseRequest): boolean => {
    const { active, held } = stockAt(nowMs);
    const own = active.filter(({ project, gpuModel }) => project === request.project && suits(gpuModel, request));
    const kept =
      own.reduce((sum, { gpus }) => sum + gpus, 0) - (own[0] ? ofModel(held.get(request.project), own[0].gpuModel) : 0);
    return request.gpus > 0 && kept >= request.gpus * request.nodes;
  };
  return {
    covers,
    open,
    stockAt,
    stockAfter,
    breaks: (request, gpus, freed = []) => {
      if (gpus.length === 0) return null;
      const later = covers(request) ? [] : beginsWhile(pool, open, request, nowMs);
      const now = freed.reduce((stock, holding) => moved(stock, holding, -1), stockAt(nowMs));
      return firstOf([now, ...later.map(stockAt)], (stock) => brokenIn(pool, stock, request, gpus));
    },
  };
}

/** When reservations begin while a run holds what it takes at a time; one that would be asked to give way then has none. */
export function beginsWhile(
  pool: Pool,
  open: readonly Reservation[],
  { preemptible, limitMs }: LeaseRequest,
  atMs: number,
): number[] {
  if (preemptible && pool.settings.preemption) return [];
  return open.map(({ from }) => Date.parse(from)).filter((fromMs) => fromMs > atMs && fromMs < atMs + limitMs);
}

/** GPUs that others hold of what is reserved now, reservation by reservation: how many are missing. */
export function missingAt(pool: Pool, nowMs: number): { reservation: Reservation; missing: number }[] {
  if (pool.reservations.length === 0) return [];
  const stock = createStock(pool, nowMs, nowMs);
  return stock.active.map((reservation) => {
    const { gpuModel } = reservation;
    return { reservation, missing: requiredOf(pool, stock, gpuModel) - ofModel(stock.free, gpuModel) };
  });
}

/** Whether every GPU of the pool that is of one model is of the other. */
export function isWithin(pool: Pool, model: string | null, other: string | null): boolean {
  if (other === null || model === other) return true;
  return pool.models.every((name) => !isNamed(name, model) || isNamed(name, other));
}

export function brokenIn(pool: Pool, stock: Stock, request: LeaseRequest, gpus: readonly Gpu[]): Reservation | null {
  const taken = gpus.reduce((counts, { model }) => add(counts, model, 1), new Map<string, number>());
  return firstOf(stock.active, (reservation) => {
    const { gpuModel } = reservation;
    const takes = ofModel(taken, gpuModel);
    if (takes === 0) return null;
    const required = requiredOf(pool, stock, gpuModel, { project: request.project, taken });
    if (ofModel(stock.free, gpuModel) - takes >= required) return null;
    // Where there is too little for all who have reserved, each may still take what is its own.
    return takes > requiredOf(pool, stock, gpuModel) - required ? reservation : null;
  });
}

/** As it is when a project has taken GPUs (1), or given them back (-1). */
export function moved({ active, free, held }: Stock, { project, gpus }: Holding, by: 1 | -1): Stock {
  const rest: Counts = new Map(free);
  const counts: Counts = new Map(held.get(project));
  for (const { model } of gpus) {
    add(rest, model, -by);
    add(counts, model, by);
  }
  return { active, free: rest, held: new Map(held).set(project, counts) };
}

/** GPUs of a model, or within it, that are reserved and not taken by those they are for. */
function requiredOf(
  pool: Pool,
  { active, held }: Stock,
  model: string | null,
  more?: { project: string; taken: Counts },
): number {
  const spent = new Map<string, number>();
  let required = 0;
  for (const { project, gpuModel, gpus } of active) {
    if (!isWithin(pool, gpuModel, model)) continue;
    const holds =
      ofModel(held.get(project), gpuModel) + (more?.project === project ? ofModel(more.taken, gpuModel) : 0);
    const counted = Math.min(gpus, Math.max(0, holds - (spent.get(project) ?? 0)));
    spent.set(project, (spent.get(project) ?? 0) + counted);
    required += gpus - counted;
  }
  return required;
}

export function activeAt({ reservations }: Pool, atMs: number): Reservation[] {
  return reservations.filter(({ from, until }) => Date.parse(from) <= atMs && atMs < Date.parse(until));
}

/** Of a later instant: leases that end before, and preemptible ones, are gone by then. */
function createStock(pool: Pool, atMs: number, nowMs: number): Stock {
  return { active: activeAt(pool, atMs), ...countedAt(pool, atMs, nowMs) };
}

function suits(model: string | null, request: LeaseRequest): boolean {
  if (model === null) return true;
  return request.gpuModel?.toLowerCase().includes(model.toLowerCase()) ?? false;
}

function ofModel(counts: Counts | undefined, model: string | null): number {
  let sum = 0;
  for (const [name, count] of counts ?? []) if (isNamed(name, model)) sum += count;
  return sum;
}

/** What is found for each time is kept. */
export function remembered<T>(find: (atMs: number) => T): (atMs: number) => T {
  const known = new Map<number, { found: T }>();
  return (atMs) => {
    const kept = known.get(atMs) ?? { found: find(atMs) };
    known.set(atMs, kept);
    return kept.found;
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | null): R | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
