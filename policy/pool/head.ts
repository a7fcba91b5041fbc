import { evict, firmPlans } from './holds';
import type { Order } from './order';
import type { Kept } from './permission';
import { claimedBy, earliestPlace } from './plan';
import type { Pool } from './pool';
import { evictionFor, type Eviction } from './preempt';
import { byAge, type Entry, type Line, type WaitClass } from './queue';
import { exceedsOwnerQuota, exceedsProjectQuota } from './quota';
import type { Reserved } from './reserved';
import { overtake } from './seniority';
import { isWantedBy, type Shape } from './shape';
import type { Decision } from './state';

/** One look at the whole queue, in order. */
export interface Pass extends Kept {
  readonly pool: Pool;
  readonly order: Order;
  /** Until when a shape has a place now beside the plan of the first that waits; see policy/pool/pass. */
  readonly latest: Map<Shape, number>;
  plans: Kept['plans'];
  reserved: Reserved;
  /** The first run that waits for room; undefined where nobody looked since something was granted. */
  head?: Entry | null;
  /** Whether the place of the first that has to wait is settled. */
  hasHead: boolean;
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
  const firsts = new Map<Line, Entry>();
  for (const [shape, waits] of pass.pool.queue.shapes) {
    if (isWithoutRoom(pass, shape)) for (const wait of waits) noteFirst(pass, firsts, wait);
  }
  let head: Entry | null = null;
  for (const first of firsts.values()) if (!head || pass.order.compare(first, head) < 0) head = first;
  pass.head = head;
  return head;
}

/** Within a line the older comes first, which is cheaper to see than the order of all. */
function noteFirst(pass: Pass, firsts: Map<Line, Entry>, { line, entries }: WaitClass): void {
  const known = firsts.get(line);
  for (const entry of entries) {
    if (known && byAge(entry, known) > 0) return;
    if (isHindered(pass, entry)) continue;
    firsts.set(line, entry);
    return;
  }
}

function isWithoutRoom({ full, hopeless }: Pass, shape: Shape): boolean {
  return shape.closed === null && !hopeless.has(shape) && (shape.candidates.size === 0 || full.has(shape));
}

/** Whether others give way for it already, or a quota keeps it. */
function isHindered({ pool }: Pass, { waiting, request }: Entry): boolean {
  return pool.holds.has(waiting.runId) || exceedsProjectQuota(pool, request) || exceedsOwnerQuota(pool, request);
}

/** Makes room for the first that has to wait, where runs of lower priority can be asked to go; otherwise keeps its place. */
export function planHead(pass: Pass, head: Entry): Decision[] {
  const { pool } = pass;
  const { request } = head.waiting;
  pass.head = undefined;
  overtake(pool, head, pass.nowMs);
  const eviction = pool.settings.preemption
    ? evictionFor(pool, head.of.shape, request.priority, claimedRoom(pass))
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
  const hosts = [...places.keys()];
  const taken = [...places].flatMap(([host, nodes]) =>
    [...host.usable.values()].filter((gpu) => isWantedBy(gpu, shape)).slice(0, nodes * shape.gpus),
  );
  const ids = new Set(victims.flatMap(({ lease }) => lease.nodes.flatMap(({ gpuIds }) => gpuIds)));
  const freed = hosts.flatMap((host) => [...host.usable.values()].filter(({ id }) => ids.has(id)));
  return reserved.breaks(request, taken, freed) !== null;
}

/** The place of the first that has to wait, where it is one. */
export function keepPlace(pass: Pass, head: Entry): void {
  const { shape } = head.of;
  const { runId, request } = head.waiting;
  const place = earliestPlace(pass.pool, shape, pass.nowMs, claimedRoom(pass));
  if (!place) {
    pass.hopeless.add(shape);
    return;
  }
  pass.hasHead = true;
  pass.plans.push({ entry: head, plan: { runId, shape, priority: request.priority, ...place, firm: false } });
}

function claimedRoom({ plans, nowMs }: Pass): ReturnType<typeof claimedBy> {
  return claimedBy(plans.map(({ plan, entry }) => ({ plan, untilMs: nowMs + entry.request.limitMs })));
}
