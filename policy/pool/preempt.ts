import type { Host } from './host';
import { bestOffer, offersOf, victimsOn } from './offers';
import type { ClaimedRoom } from './plan';
import type { Pool } from './pool';
import type { Offer, OfferTable, Shape } from './shape';
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
  let best: { host: Host; victims: readonly Held[] } | undefined;
  for (const offer of offersOf(pool, shape, priority).byHost.values()) {
    const { host } = offer;
    if (offer.nodes < shape.nodes || !pool.movable.has(host)) continue;
    const victims = victimsOf(offer, shape, priority, claimed);
    if (victims?.length === 0) return null;
    if (victims && (!best || (compare(victims, best.victims) || host.index - best.host.index) < 0)) {
      best = { host, victims };
    }
  }
  return best && { victims: [...best.victims], places: new Map([[best.host, shape.nodes]]) };
}

function victimsOf(
  { host, victims }: Offer,
  shape: Shape,
  priority: number,
  claimed: ClaimedRoom,
): readonly Held[] | null {
  const room = claimed.get(host);
  return room ? victimsOn(host, shape, shape.nodes, priority, room) : victims;
}

/** Hosts that need the fewest victims for each node first. */
function onSeveralHosts(pool: Pool, shape: Shape, priority: number, claimed: ClaimedRoom): Eviction | null {
  const table = offersOf(pool, shape, priority);
  // Room that others will have taken leaves less: what is not enough without is not with it.
  if (table.nodes < shape.nodes) return null;
  const places = new Map<Host, number>();
  const victims = new Set<Held>();
  let left = shape.nodes;
  for (const { host, nodes } of offersBeside(table, shape, priority, claimed)) {
    if (left === 0) break;
    const taken = Math.min(left, nodes);
    for (const victim of victimsOn(host, shape, taken, priority, claimed.get(host) ?? []) ?? []) victims.add(victim);
    places.set(host, taken);
    left -= taken;
  }
  return left === 0 && victims.size > 0 ? { victims: [...victims], places } : null;
}

function offersBeside(table: OfferTable, shape: Shape, priority: number, claimed: ClaimedRoom): readonly Offer[] {
  if (claimed.size === 0) return (table.sorted ??= [...table.byHost.values()].toSorted(byPrice));
  const beside = [...table.byHost.values()].flatMap((offer) => {
    const room = claimed.get(offer.host);
    return room ? (bestOffer(offer.host, shape, priority, room) ?? []) : [offer];
  });
  return beside.toSorted(byPrice);
}

const byPrice = (one: Offer, other: Offer): number =>
  one.price - other.price || other.nodes - one.nodes || one.host.index - other.host.index;

function compare(one: readonly Held[], other: readonly Held[]): number {
  const priorities = (victims: readonly Held[]): number =>
    victims.reduce((sum, { request }) => sum + request.priority, 0);
  const grants = (victims: readonly Held[]): number => victims.reduce((sum, { grantedMs }) => sum + grantedMs, 0);
  return one.length - other.length || priorities(one) - priorities(other) || grants(other) - grants(one);
}
