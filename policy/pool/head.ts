import { evict, firmPlans } from './holds';
import type { Order } from './order';
import type { Kept, Latest } from './permission';
import { claimedBy, gpusIn, type ClaimedRoom } from './plan';
import type { Pool } from './pool';
import { evictionFor, type Eviction } from './preempt';
import type { Entry, Line, WaitClass } from './queue';
import { exceedsOwnerQuota, exceedsProjectQuota } from './quota';
import { promisedPlace, type Promised } from './promise';
import type { Reserved } from './reserved';
import { overtake } from './seniority';
import type { Shape } from './shape';
import type { Decision } from './state';

/** One look at the whole queue, in order. */
export interface Pass extends Kept {
  readonly pool: Pool;
  readonly order: Order;
  readonly latest: Latest;
  plans: Kept['plans'];
  reserved: Reserved;
  /** The first run that waits for room; undefined where nobody looked since something was granted. */
  head?: Entry | null;
  /** Places that were looked for in vain: each takes a look at hosts. */
  searches: number;
  /** Whether the place of the first that has to wait is settled. */
  hasHead: boolean;
  /** Where reservations alone keep runs from room that will be there: the least limit of these. */
  readonly heldUp: Map<WaitClass, number>;
  /** Shapes for which there is not enough free. */
  readonly full: Set<Shape>;
  /** Shapes for which there never is, as hosts are now. */
  readonly hopeless: Set<Shape>;
}

/**
 * The first run in order that waits for room and for which nobody gives way yet. One that waits for anything else, such as a
 * quota, a host or GPUs that are reserved, keeps nobody from starting.
 */
export function nextHead(pass: Pass): Entry | null {
  if (pass.head !== undefined) return pass.head;
  let head: Entry | null = null;
  for (const line of pass.pool.queue.lines.values()) head = firstOf(pass, line, head);
  pass.head = head;
  return head;
}

/** The first of a line that waits for room, if it comes before the first of others; else that. */
function firstOf(pass: Pass, { entries }: Line, known: Entry | null): Entry | null {
  if (known && pass.order.compare(known, entries[0]!) < 0) return known;
  const first = entries.find((entry) => isWithoutRoom(pass, entry.of.shape) && !isHindered(pass, entry));
  return first && (!known || pass.order.compare(first, known) < 0) ? first : known;
}

function isWithoutRoom({ full, hopeless }: Pass, shape: Shape): boolean {
  return shape.closed === null && !hopeless.has(shape) && (shape.room < shape.nodes || full.has(shape));
}

/** Whether others give way for it already, or a quota or a reservation keeps it. */
export function isHindered({ pool, heldUp }: Pass, { waiting, request, of }: Entry): boolean {
  if (request.limitMs >= (heldUp.get(of) ?? Infinity)) return true;
  return pool.holds.has(waiting.runId) || exceedsProjectQuota(pool, request) || exceedsOwnerQuota(pool, request);
}

/** Makes room for the first that has to wait, where runs of lower priority can be asked to go; otherwise keeps its place. */
export function planHead(pass: Pass, head: Entry): Decision[] {
  const { pool } = pass;
  const { request } = head.waiting;
  pass.head = undefined;
  overtake(pool, head, pass.nowMs);
  const eviction = pool.settings.preemption
    ? evictionFor(pool, head.of.shape, request.priority, claimedRoom(pass, pass.nowMs + request.limitMs + GIVE_WAY_MS))
    : null;
  if (!eviction || isInVain(pass, head, eviction)) {
    keepPlace(pass, head);
    return [];
  }
  const asked = evict(pool, head, eviction);
  pass.plans = [...firmPlans(pool, pass.nowMs), ...pass.plans.filter(({ plan }) => !plan.firm)];
  return asked;
}

/** Whether a reservation would keep it out of the room that others would leave. */
function isInVain({ reserved }: Pass, { request, of: { shape } }: Entry, { victims, places }: Eviction): boolean {
  const usable = [...places.keys()].flatMap((host) => [...host.usable.values()]);
  const freed = victims.map(({ request: { project }, lease }) => {
    const ids = new Set(lease.nodes.flatMap(({ gpuIds }) => gpuIds));
    return { project, gpus: usable.filter(({ id }) => ids.has(id)) };
  });
  return reserved.breaks(request, gpusIn({ places }, shape), freed) !== null;
}

/**
 * The place of the first that has to wait, where it is one. One that only reservations keep from room is no obstacle to those
 * behind it that will be gone by then; so the first that waits for room has a promise beside the first of these.
 */
export function keepPlace(pass: Pass, head: Entry): void {
  const { shape } = head.of;
  const { runId, request } = head.waiting;
  const place = placeBeside(pass, head);
  if (!place) {
    pass.hopeless.add(shape);
    return;
  }
  const isHeldUp = place.isHeldUp || !isWithoutRoom(pass, shape);
  const isPromised = !isHeldUp || pass.heldUp.size === 0;
  if (isHeldUp) pass.heldUp.set(head.of, request.limitMs);
  pass.hasHead = !isHeldUp || pass.heldUp.size >= MOST_HELD_UP;
  if (isPromised) {
    const plan = { runId, shape, priority: request.priority, ...place, firm: false };
    pass.plans = [...pass.plans, { entry: head, plan }];
  }
}

/** Classes of runs that reservations keep out and that are passed in search of one that waits for room. */
const MOST_HELD_UP = 5;

/** Those who are asked to give way have left by then, mostly. */
const GIVE_WAY_MS = 10 * 60_000;

/** Beside what is spoken for; a place that is kept from later on is free for whoever is gone by then. */
function placeBeside(pass: Pass, head: Entry): Promised | null {
  const { pool, plans, reserved, nowMs } = pass;
  const { limitMs } = head.request;
  const find = (beforeMs: number): Promised | null =>
    promisedPlace(pool, reserved, head, nowMs, claimedRoom(pass, beforeMs));
  const place = find(nowMs + limitMs);
  const endMs = place ? place.atMs + limitMs : 0;
  const isInTheWay = plans.some(({ plan }) => plan.atMs >= nowMs + limitMs && plan.atMs < endMs);
  return isInTheWay ? find(Infinity) : place;
}

/** Of plans that begin before a time, and of those that others give way for. */
function claimedRoom({ plans }: Pass, beforeMs: number): ClaimedRoom {
  const near = plans.filter(({ plan }) => plan.firm || plan.atMs < beforeMs);
  return claimedBy(near.map(({ plan, entry }) => ({ plan, untilMs: plan.atMs + entry.request.limitMs })));
}
