import { changesSoFar } from './changes';
import { before, type Host, type Release } from './host';
import { releasesOf, type Claimed } from './earliest';
import type { ClaimedRoom } from './plan';
import type { Pool } from './pool';
import { freeWanted, fullNodes, nodesIn, wantedOf, type Offer, type Shape } from './shape';
import type { Held } from './state';

/** Whom a run makes give way, and where it is then meant to be. */
export interface Eviction {
  victims: Held[];
  places: Map<Host, number>;
}

/**
 * The fewest runs whose leaving makes room for a shape of this priority on one host, of equally many those of the lowest
 * priority, then the youngest, who lose least; for a gang on several hosts if one is not enough. Only preemptible runs of
 * lower priority, each only once. Null where it would not fit even then, or will fit as soon as those have left who were
 * asked before.
 *
 * @param claimed room that runs before it wait for.
 */
export function evictionFor(pool: Pool, shape: Shape, priority: number, claimed: ClaimedRoom): Eviction | null {
  if (![...pool.victims].some(([lower, count]) => lower < priority && count > 0)) return null;
  const one = onOneHost(pool, shape, priority, claimed);
  if (one !== undefined) return one;
  return shape.nodes > 1 ? onSeveralHosts(pool, shape, priority, claimed) : null;
}

/** Undefined where no single host can be made free. */
function onOneHost(pool: Pool, shape: Shape, priority: number, claimed: ClaimedRoom): Eviction | null | undefined {
  let best: { host: Host; victims: Held[] } | undefined;
  for (const host of mayHaveChanged(pool, shape, priority)) {
    if (!shape.open.has(host)) continue;
    if (isUnmovable(host, shape, priority)) continue;
    const room = claimed.get(host) ?? [];
    const victims = victimsOn(host, shape, shape.nodes, priority, room);
    if (!victims && room.length === 0) shape.unmovable[host.index] = { version: host.version, priority };
    if (victims?.length === 0) return null;
    if (victims && (!best || (compare(victims, best.victims) || host.index - best.host.index) < 0)) {
      best = { host, victims };
    }
  }
  if (!best && claimed.size === 0) shape.immovable.set(priority, changesSoFar(pool.changes));
  return best && { victims: best.victims, places: new Map([[best.host, shape.nodes]]) };
}

/** Hosts of which it is not known that none of lower priority make room there. */
function mayHaveChanged({ changes, movable }: Pool, shape: Shape, priority: number): Iterable<Host> {
  // Room that others will have taken leaves less: who could not be made free without is not with it.
  const seen = shape.immovable.get(priority);
  if (seen === undefined || seen < changes.before) return movable.keys();
  return new Set(changes.hosts.slice(seen - changes.before));
}

/** Whether it is known that no runs of lower priority make room there. */
function isUnmovable(host: Host, { unmovable }: Shape, priority: number): boolean {
  const known = unmovable[host.index];
  return known !== undefined && known.version === host.version && priority <= known.priority;
}

/** Hosts that need the fewest victims for each node first. */
function onSeveralHosts(pool: Pool, shape: Shape, priority: number, claimed: ClaimedRoom): Eviction | null {
  const some = new Set([...pool.movable.keys(), ...shape.candidates.keys()].filter((host) => shape.open.has(host)));
  const offers = [...some].flatMap((host) => offersOf(host, shape, priority, claimed.get(host) ?? []));
  const places = new Map<Host, number>();
  const victims = new Set<Held>();
  let left = shape.nodes;
  for (const { host, nodes } of offers.toSorted(
    (one, other) => one.price - other.price || other.nodes - one.nodes || one.host.index - other.host.index,
  )) {
    if (left === 0) break;
    const taken = Math.min(left, nodes);
    for (const victim of victimsOn(host, shape, taken, priority, claimed.get(host) ?? []) ?? []) victims.add(victim);
    places.set(host, taken);
    left -= taken;
  }
  return left === 0 && victims.size > 0 ? { victims: [...victims], places } : null;
}

function offersOf(host: Host, shape: Shape, priority: number, claimed: readonly Claimed[]): Offer[] {
  const known = shape.offers.get(host);
  const isKnown = claimed.length === 0 && known?.version === host.version && known.priority === priority;
  const offer = isKnown ? known.offer : bestOffer(host, shape, priority, claimed);
  if (claimed.length === 0) shape.offers.set(host, { version: host.version, priority, offer });
  return offer ? [offer] : [];
}

function bestOffer(host: Host, shape: Shape, priority: number, claimed: readonly Claimed[]): Offer | null {
  const most = Math.min(shape.nodes, fullNodes(host, shape));
  for (let nodes = most; nodes > 0; nodes -= 1) {
    const victims = victimsOn(host, shape, nodes, priority, claimed);
    if (victims) return { host, nodes, price: victims.length / nodes };
  }
  return null;
}

/** Empty where those that are leaving already make enough room; null where nothing does. */
function victimsOn(
  host: Host,
  shape: Shape,
  nodes: number,
  priority: number,
  claimed: readonly Claimed[],
): Held[] | null {
  const releases = releasesOf(host);
  const leaving = releases.filter(({ held }) => held.told !== null);
  const fits = (victims: readonly Release[]): boolean => fitsWithout(host, shape, nodes, [leaving, victims], claimed);
  const candidates = releases
    .filter(({ held: { told, request } }) => told === null && request.preemptible && request.priority < priority)
    .toSorted((one, other) => byLoss(one.held, other.held));
  if (fits([])) return [];
  if (candidates.length === 0 || !fits(candidates)) return null;
  const single = candidates.find((each) => fits([each]));
  return (single ? [single] : fewest(shape, candidates, fits)).map(({ held }) => held);
}

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

function fitsWithout(
  host: Host,
  shape: Shape,
  nodes: number,
  leaving: readonly (readonly Release[])[],
  claimed: readonly Claimed[],
): boolean {
  let cpus = host.cpus - host.usedCpus;
  let memory = host.memory - host.usedMemory;
  let gpus = freeWanted(host, shape);
  for (const some of leaving) {
    for (const released of some) {
      cpus += released.cpus;
      memory += released.memory;
      gpus += wantedOf(released.gpus, shape);
    }
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

function compare(one: readonly Held[], other: readonly Held[]): number {
  const priorities = (victims: readonly Held[]): number =>
    victims.reduce((sum, { request }) => sum + request.priority, 0);
  const grants = (victims: readonly Held[]): number => victims.reduce((sum, { grantedMs }) => sum + grantedMs, 0);
  return one.length - other.length || priorities(one) - priorities(other) || grants(other) - grants(one);
}
