import { changedSince, changesSoFar } from './changes';
import type { Claimed } from './earliest';
import { before, type Host, type Release } from './host';
import type { Pool } from './pool';
import { releasesOf } from './releases';
import { mayEnd } from './seniority';
import { freeNodes, freeWanted, fullNodes, nodesIn, wantedOf, type Offer, type OfferTable, type Shape } from './shape';
import type { Held } from './state';

/** Offers as of now: only hosts that have changed are looked at again. */
export function offersOf(pool: Pool, shape: Shape, priority: number): OfferTable {
  const { changes } = pool;
  let table = shape.offers.get(priority);
  const isNear = table && changesSoFar(changes) - table.seen < pool.hosts.length;
  const changed = table && isNear ? changedSince(changes, table.seen) : null;
  if (!table || !changed) {
    table = { byHost: new Map(), nodes: 0, sorted: null, seen: 0 };
    shape.offers.set(priority, table);
  }
  for (const host of changed ?? shape.open) renew(table, host, pool, shape, priority);
  table.seen = changesSoFar(changes);
  return table;
}

function renew(table: OfferTable, host: Host, pool: Pool, shape: Shape, priority: number): void {
  const known = table.byHost.get(host);
  const mayOffer = shape.open.has(host) && (pool.movable.has(host) || freeNodes(host, shape) > 0);
  const offer = mayOffer ? bestOffer(host, shape, priority, []) : null;
  if (!known && !offer) return;
  table.nodes += (offer?.nodes ?? 0) - (known?.nodes ?? 0);
  table.sorted = null;
  if (offer) table.byHost.set(host, offer);
  else table.byHost.delete(host);
}

/** @param claimed room that others will have taken. */
export function bestOffer(host: Host, shape: Shape, priority: number, claimed: readonly Claimed[]): Offer | null {
  const most = shape.nodes === 1 ? 1 : Math.min(shape.nodes, fullNodes(host, shape));
  for (let nodes = most; nodes > 0; nodes -= 1) {
    const victims = victimsOn(host, shape, nodes, priority, claimed);
    if (victims) return { host, nodes, victims, price: victims.length / nodes };
  }
  return null;
}

/** Empty where those that are leaving already make enough room; null where nothing does. */
export function victimsOn(
  host: Host,
  shape: Shape,
  nodes: number,
  priority: number,
  claimed: readonly Claimed[],
): Held[] | null {
  const fitsIf = (leaves: Leaves): boolean => fitsWithout(host, shape, nodes, leaves, claimed);
  const fits = (victims: readonly Release[]): boolean =>
    fitsIf((release) => isLeaving(release) || victims.includes(release));
  if (fitsIf(isLeaving)) return [];
  if (!fitsIf((release) => isLeaving(release) || mayEnd(priority, release.held))) return null;
  const candidates = releasesOf(host)
    .filter((release) => mayEnd(priority, release.held))
    .toSorted((one, other) => byLoss(one.held, other.held));
  const single = candidates.find((each) => fits([each]));
  return (single ? [single] : fewest(shape, candidates, fits)).map(({ held }) => held);
}

/** Whether a lease is thought to be over. */
type Leaves = (release: Release) => boolean;

const isLeaving: Leaves = ({ held }) => held.told !== null;

/** The largest first until there is room, then without those that turn out not to be needed, the most important first. */
function fewest(
  shape: Shape,
  candidates: readonly Release[],
  fits: (victims: readonly Release[]) => boolean,
): Release[] {
  const size = ({ gpus }: Release): number => wantedOf(gpus, shape);
  const bySize = candidates.toSorted((one, other) => size(other) - size(one));
  const count = bySize.findIndex((_, index) => fits(bySize.slice(0, index + 1))) + 1;
  let chosen = bySize.slice(0, count);
  for (const each of chosen.toSorted((one, other) => byLoss(other.held, one.held))) {
    const without = chosen.filter((other) => other !== each);
    if (fits(without)) chosen = without;
  }
  return chosen;
}

function fitsWithout(host: Host, shape: Shape, nodes: number, leaves: Leaves, claimed: readonly Claimed[]): boolean {
  let cpus = host.cpus - host.usedCpus;
  let memory = host.memory - host.usedMemory;
  let gpus = freeWanted(host, shape);
  for (const released of releasesOf(host)) {
    if (!leaves(released)) continue;
    cpus += released.cpus;
    memory += released.memory;
    gpus += wantedOf(released.gpus, shape);
  }
  for (const room of claimed) {
    cpus -= room.cpus;
    memory -= room.memory;
    gpus -= room.gpus;
  }
  return nodesIn(shape, cpus, memory, gpus) >= nodes;
}

/** Who loses least first: of the lowest priority, then the youngest. */
export function byLoss(one: Held, other: Held): number {
  return (
    one.request.priority - other.request.priority ||
    other.grantedMs - one.grantedMs ||
    before(one.lease.runId, other.lease.runId)
  );
}
