import { changedSince, changesSoFar } from './changes';
import { countEnded, endsOf } from './ends';
import { isReady, type Host } from './host';
import type { Pool } from './pool';
import { endOf, releasesOf } from './releases';
import type { Held } from './state';
import { add, type Counted, type Counts, type StockPart, type StockTable } from './stock-table';

/** Of now, or of a later instant: leases that end before that, and preemptible ones, are gone by then. */
export function countedAt(pool: Pool, atMs: number, nowMs: number): Counted {
  const { changes } = pool;
  const key = atMs > nowMs ? atMs : NOW;
  const newest = pool.stocks.get(key);
  const known = newest && isOf(pool, newest) ? newest : null;
  if (known?.seen === changesSoFar(changes)) return known;
  const changed = known && changedSince(changes, known.seen);
  const table = known && changed ? known : createTable(pool, key);
  for (const host of changed ?? pool.hosts) recount(table, host, partsOf(host, key, table.preemption));
  table.seen = changesSoFar(changes);
  return table;
}

const isOf = ({ roster, settings }: Pool, table: StockTable): boolean =>
  table.roster === roster && table.preemption === settings.preemption;

/** When the leases are over that end by a time. */
export function countedAfter(pool: Pool, atMs: number, nowMs: number): Counted {
  const stock = copyOf(countedAt(pool, nowMs, nowMs));
  const ends = endsOf(pool);
  const ended = atMs > nowMs ? countEnded(ends, atMs) : 0;
  for (let at = 0; at < ended; at += 1) giveBack(pool, stock, ends[at]!);
  return stock;
}

export const copyOf = ({ free, held }: Counted): Counted => ({
  free: new Map(free),
  held: new Map([...held].map(([project, counts]) => [project, new Map(counts)])),
});

/** A lease is over. */
export function giveBack({ hostNamed }: Pool, stock: Counted, { request, lease }: Held): void {
  for (const node of lease.nodes) {
    const host = hostNamed.get(node.host);
    for (const id of node.gpuIds) {
      const model = host?.usable.get(id)?.model;
      if (!host || model === undefined) continue;
      add(countsOf(stock, request.project), model, -1);
      if (isReady(host)) add(stock.free, model, 1);
    }
  }
}

const NOW = -Infinity;

function createTable({ stocks, reservations, roster, settings }: Pool, key: number): StockTable {
  const { preemption } = settings;
  const table = { free: new Map(), held: new Map(), parts: new Map(), roster, preemption, seen: -1 };
  // Instants that are over are forgotten with all others.
  if (stocks.size > reservations.length) stocks.clear();
  stocks.set(key, table);
  return table;
}

function recount(table: StockTable, host: Host, parts: StockPart[]): void {
  for (const { project, model, count } of table.parts.get(host) ?? []) add(countsOf(table, project), model, -count);
  for (const { project, model, count } of parts) add(countsOf(table, project), model, count);
  table.parts.set(host, parts);
}

function partsOf(host: Host, atMs: number, preemption: boolean): StockPart[] {
  const parts: StockPart[] = [];
  const ready = isReady(host);
  if (ready) for (const { model } of atMs === NOW ? host.freeGpus : host.usable.values()) note(parts, null, model, 1);
  for (const { held, gpus } of releasesOf(host)) {
    if (atMs !== NOW && (endOf(held) <= atMs || (held.request.preemptible && preemption))) continue;
    for (const { model } of gpus) {
      note(parts, held.request.project, model, 1);
      if (atMs !== NOW && ready) note(parts, null, model, -1);
    }
  }
  return parts;
}

function note(parts: StockPart[], project: string | null, model: string, more: number): void {
  const known = parts.find((part) => part.project === project && part.model === model);
  if (known) known.count += more;
  else parts.push({ project, model, count: more });
}

function countsOf({ free, held }: Counted, project: string | null): Counts {
  if (project === null) return free;
  const counts = held.get(project) ?? new Map<string, number>();
  held.set(project, counts);
  return counts;
}
