import type { Gpu } from '../../contract/gpu';
import { findTimes, timesIn, type Claimed } from './earliest';
import type { Part } from './fit';
import type { Host } from './host';
import type { Pool } from './pool';
import { releasesOf } from './releases';
import { freeWanted, isWantedBy, nodesIn, wantedOf, type Place, type Shape } from './shape';

/** Where and when a run that cannot start now is sure to fit, if every lease takes as long as it may. */
export interface Plan extends Place {
  runId: string;
  shape: Shape;
  /** Base priority of the run. */
  priority: number;
  /** Whether runs were asked to give way for it. */
  firm: boolean;
}

export type ClaimedRoom = ReadonlyMap<Host, readonly Claimed[]>;

/**
 * The earliest place for a shape, on one host if it is as early there; null where it will fit nowhere. Runs after the first
 * that has to wait may start only if they leave it this place (EASY backfill: Lifka, "The ANL/IBM SP Scheduling System",
 * JSSPP 1995; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001), here for each host and each resource.
 */
export function earliestPlace(pool: Pool, shape: Shape, nowMs: number, claimed: ClaimedRoom = NO_CLAIMS): Place | null {
  if (claimed.size === 0 && shape.place.version === pool.version) return notBefore(shape.place.found, nowMs);
  const found = findEarliest(pool, shape, claimed);
  if (claimed.size === 0) shape.place = { version: pool.version, found };
  return notBefore(found, nowMs);
}

export const NO_CLAIMS: ClaimedRoom = new Map();

export const notBefore = (place: Place | null, nowMs: number): Place | null =>
  place && { atMs: Math.max(nowMs, place.atMs), places: place.places };

/** By the ends of leases alone, so that what is found stays true while time passes and no lease changes. */
function findEarliest(pool: Pool, shape: Shape, claimed: ClaimedRoom): Place | null {
  return placeIn(pool, shape, timesBeside(pool, shape, claimed));
}

/** @param rows see `timesIn` in policy/pool/earliest. */
export function placeIn(pool: Pool, shape: Shape, rows: Float64Array): Place | null {
  const one = firstHost(pool, shape, rows);
  const several = shape.nodes > 1 ? severalPlaces(pool, shape, rows) : null;
  if (several && (!one || several.atMs < one.atMs)) return several;
  return one && { atMs: one.atMs, places: new Map([[one.host, shape.nodes]]) };
}

/** Times on hosts where others will have taken their room. */
export function timesBeside(pool: Pool, shape: Shape, claimed: ClaimedRoom): Float64Array {
  const rows = timesIn(pool, shape);
  if (claimed.size === 0) return rows;
  const beside = rows.slice();
  for (const [host, rooms] of claimed) {
    if (!shape.open.has(host)) continue;
    const times = findTimes(host, shape, rooms);
    for (let node = 0; node < shape.nodes; node += 1) beside[host.index * shape.nodes + node] = times[node] ?? Infinity;
  }
  return beside;
}

function firstHost({ hosts }: Pool, { nodes }: Shape, rows: Float64Array): { host: Host; atMs: number } | null {
  let first = -1;
  let atMs = Infinity;
  for (let at = nodes - 1, index = 0; at < rows.length; at += nodes, index += 1) {
    if (rows[at]! >= atMs) continue;
    first = index;
    atMs = rows[at]!;
  }
  return first < 0 ? null : { host: hosts[first]!, atMs };
}

function severalPlaces({ hosts }: Pool, { nodes }: Shape, rows: Float64Array): Place | null {
  const first: number[] = [];
  for (let row = 0; row < rows.length; row += nodes) {
    for (let node = 0; node < nodes; node += 1) {
      if (rows[row + node] === Infinity || !keepLeast(first, rows[row + node]!, nodes)) break;
    }
  }
  if (first.length < nodes) return null;
  const atMs = first.at(-1)!;
  const places = new Map<Host, number>();
  let left = nodes;
  for (const { index, fitting } of roomyAt(nodes, rows, atMs)) {
    if (left === 0) break;
    places.set(hosts[index]!, Math.min(left, fitting));
    left -= Math.min(left, fitting);
  }
  return { atMs, places };
}

/** Hosts, by their index, with room at a time; those with the most first. */
function roomyAt(nodes: number, rows: Float64Array, atMs: number): { index: number; fitting: number }[] {
  const roomy: { index: number; fitting: number }[] = [];
  for (let row = 0, index = 0; row < rows.length; row += nodes, index += 1) {
    let fitting = 0;
    while (fitting < nodes && rows[row + fitting]! <= atMs) fitting += 1;
    if (fitting > 0) roomy.push({ index, fitting });
  }
  return roomy.toSorted((one, other) => other.fitting - one.fitting);
}

/** Keeps as many of the least values, in order; false where it is none of them. */
function keepLeast(least: number[], value: number, most: number): boolean {
  if (least.length === most && value >= least[most - 1]!) return false;
  let at = least.length;
  while (at > 0 && least[at - 1]! > value) at -= 1;
  least.splice(at, 0, value);
  if (least.length > most) least.pop();
  return true;
}

/** Whether a run that takes a part until then leaves a plan its place. */
export function leavesPlace(plan: Plan, part: Part, untilMs: number): boolean {
  const nodes = plan.places.get(part.host);
  if (nodes === undefined) return true;
  if (!plan.firm && untilMs <= plan.atMs) return true;
  const { host } = part;
  const { shape } = plan;
  let cpus = host.cpus - host.usedCpus - part.cpus;
  let memory = host.memory - host.usedMemory - part.memory;
  let gpus = freeWanted(host, shape);
  for (const gpu of part.gpus) if (isWantedBy(gpu, shape)) gpus -= 1;
  for (const released of releasesOf(host)) {
    if (released.untilMs > plan.atMs) break;
    cpus += released.cpus;
    memory += released.memory;
    gpus += wantedOf(released.gpus, shape);
  }
  return nodesIn(shape, cpus, memory, gpus) >= nodes;
}

/** The GPUs that a shape would be given in a place, if all there were free. */
export function gpusIn({ places }: Pick<Place, 'places'>, shape: Shape): Gpu[] {
  return [...places].flatMap(([host, nodes]) =>
    [...host.usable.values()].filter((gpu) => isWantedBy(gpu, shape)).slice(0, nodes * shape.gpus),
  );
}

/** What plans speak for, for whoever looks for a place beside them. */
export function claimedBy(plans: readonly { plan: Plan; untilMs: number }[]): Map<Host, Claimed[]> {
  const claimed = new Map<Host, Claimed[]>();
  for (const { plan, untilMs } of plans) {
    for (const [host, nodes] of plan.places) {
      const { cpus, memory, gpus } = plan.shape;
      const room = { cpus: nodes * cpus, memory: nodes * memory, gpus: nodes * gpus, untilMs };
      claimed.set(host, [...(claimed.get(host) ?? []), room]);
    }
  }
  return claimed;
}
