import { changesSoFar } from './changes';
import { releasesOf, timesOn, type Claimed } from './earliest';
import type { Part } from './fit';
import type { Host } from './host';
import type { Pool } from './pool';
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

const NO_CLAIMS: ClaimedRoom = new Map();

const claimedOn = (claimed: ClaimedRoom, host: Host): readonly Claimed[] | undefined =>
  claimed.size === 0 ? undefined : claimed.get(host);

const notBefore = (place: Place | null, nowMs: number): Place | null =>
  place && { atMs: Math.max(nowMs, place.atMs), places: place.places };

/** By the ends of leases alone, so that what is found stays true while time passes and no lease changes. */
function findEarliest(pool: Pool, shape: Shape, claimed: ClaimedRoom): Place | null {
  const free = firstHost(pool, shape);
  const one = free && claimed.has(free.host) ? scanHosts(shape, claimed) : free;
  const several = shape.nodes > 1 ? severalPlaces(shape, claimed) : null;
  if (several && (!one || several.atMs < one.atMs)) return several;
  return one && { atMs: one.atMs, places: new Map([[one.host, shape.nodes]]) };
}

interface OneHost {
  host: Host;
  atMs: number;
}

/** Looks only at hosts that have changed, unless the first has become later. */
function firstHost({ changes }: Pool, shape: Shape): OneHost | null {
  const known = shape.first;
  const isNear = known && changesSoFar(changes) - known.seen <= shape.openList.length;
  let first = isNear && known.seen >= changes.before ? { ...known } : null;
  for (let at = first ? first.seen - changes.before : 0; first && at < changes.hosts.length; at += 1) {
    const host = changes.hosts[at]!;
    if (!shape.open.has(host)) continue;
    const atMs = timesOn(host, shape)[shape.nodes - 1] ?? Infinity;
    if (host === first.host && atMs > first.atMs) first = null;
    else if (isSooner({ host, atMs }, first)) first = { ...first, host, atMs };
  }
  const found = first ?? scanHosts(shape, NO_CLAIMS);
  shape.first = found && { seen: changesSoFar(changes), host: found.host, atMs: found.atMs };
  return found;
}

function scanHosts(shape: Shape, claimed: ClaimedRoom): OneHost | null {
  let first: OneHost | null = null;
  for (const host of shape.openList) {
    const atMs = timesOn(host, shape, claimedOn(claimed, host))[shape.nodes - 1];
    if (atMs !== undefined && (!first || atMs < first.atMs)) first = { host, atMs };
  }
  return first;
}

const isSooner = (one: OneHost, other: OneHost): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.host.index < other.host.index);

function severalPlaces(shape: Shape, claimed: ClaimedRoom): Place | null {
  const first: number[] = [];
  for (const host of shape.openList) {
    for (const time of timesOn(host, shape, claimedOn(claimed, host))) {
      if (!keepLeast(first, time, shape.nodes)) break;
    }
  }
  if (first.length < shape.nodes) return null;
  const atMs = first.at(-1)!;
  const places = new Map<Host, number>();
  let left = shape.nodes;
  for (const { host, fitting } of roomyAt(shape, claimed, atMs)) {
    if (left === 0) break;
    places.set(host, Math.min(left, fitting));
    left -= Math.min(left, fitting);
  }
  return { atMs, places };
}

/** Hosts with room at a time, those with the most first. */
function roomyAt(shape: Shape, claimed: ClaimedRoom, atMs: number): { host: Host; fitting: number }[] {
  const roomy: { host: Host; fitting: number }[] = [];
  for (const host of shape.openList) {
    const times = timesOn(host, shape, claimedOn(claimed, host));
    let fitting = 0;
    while (fitting < times.length && times[fitting]! <= atMs) fitting += 1;
    if (fitting > 0) roomy.push({ host, fitting });
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
