import { endOf, releaseOf, timesOn, type Claimed } from './earliest';
import type { Part } from './fit';
import type { Host } from './host';
import { freeWanted, isWantedBy, nodesIn, type Shape } from './shape';

/** Where and when a run that cannot start now is meant to. */
export interface Plan {
  runId: string;
  shape: Shape;
  /** Base priority of the run. */
  priority: number;
  /** The earliest time at which it is sure to fit, if every lease takes as long as it may. */
  atMs: number;
  /** Nodes on each host. */
  places: ReadonlyMap<Host, number>;
  /** Whether runs were asked to give way for it. */
  firm: boolean;
}

export type ClaimedRoom = ReadonlyMap<Host, readonly Claimed[]>;

/**
 * The earliest place for a shape, on one host if it is as early there; null where it will fit nowhere. Runs after the first
 * that has to wait may start only if they leave it this place (EASY backfill: Lifka, "The ANL/IBM SP Scheduling System",
 * JSSPP 1995; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001), here for each host and each resource.
 */
export function earliestPlace(
  shape: Shape,
  nowMs: number,
  claimed: ClaimedRoom = new Map(),
): Pick<Plan, 'atMs' | 'places'> | null {
  let first: Host | null = null;
  let firstMs = Infinity;
  for (const host of shape.open) {
    const atMs = timesOn(host, shape, claimed.get(host))[shape.nodes - 1];
    if (atMs === undefined || Math.max(atMs, nowMs) >= firstMs) continue;
    first = host;
    firstMs = Math.max(atMs, nowMs);
  }
  const several = shape.nodes > 1 ? severalPlaces(shape, nowMs, claimed) : null;
  if (several && several.atMs < firstMs) return several;
  return first && { atMs: firstMs, places: new Map([[first, shape.nodes]]) };
}

function severalPlaces(shape: Shape, nowMs: number, claimed: ClaimedRoom): Pick<Plan, 'atMs' | 'places'> | null {
  const hosts = [...shape.open].map((host) => ({ host, times: timesOn(host, shape, claimed.get(host)) }));
  const times = hosts.flatMap((each) => each.times).toSorted((one, other) => one - other);
  if (times.length < shape.nodes) return null;
  const atMs = Math.max(nowMs, times[shape.nodes - 1]!);
  const places = new Map<Host, number>();
  let left = shape.nodes;
  const roomy = hosts.map((each) => ({ host: each.host, fitting: each.times.filter((time) => time <= atMs).length }));
  for (const { host, fitting } of roomy.toSorted((one, other) => other.fitting - one.fitting)) {
    if (left === 0) break;
    if (fitting > 0) places.set(host, Math.min(left, fitting));
    left -= Math.min(left, fitting);
  }
  return { atMs, places };
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
  for (const held of host.held.values()) {
    if (endOf(held) > plan.atMs) continue;
    const released = releaseOf(held, host, shape);
    cpus += released.cpus;
    memory += released.memory;
    gpus += released.gpus;
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
