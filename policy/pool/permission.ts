import type { Reservation } from '../../contract/pool';
import type { Part } from './fit';
import type { Order } from './order';
import { leavesPlace, type Plan } from './plan';
import type { Pool } from './pool';
import type { Entry } from './queue';
import type { Reserved } from './reserved';
import type { Shape } from './shape';
import { spoils } from './reserved-later';

/** What keeps a run from a place although there is room. */
export type Keeper = { plan: Plan } | { reservation: Reservation };

/** For whom room is kept, as of one instant. */
export interface Kept {
  readonly pool: Pool;
  readonly nowMs: number;
  readonly order: Order;
  /** Of runs that others give way for, and of the first run that has to wait. */
  readonly plans: { plan: Plan; entry: Entry }[];
  readonly reserved: Reserved;
}

/** What was found for shapes beside some plans: until when each has a place that is free now. */
export interface Latest {
  plans: Kept['plans'];
  readonly byShape: Map<Shape, number>;
}

/**
 * Who keeps a part from a run; null where it may have it.
 *
 * What others leave for a run is kept from all of lower priority, aged or not, and from those after it. The place of the
 * first that waits is kept from those who would still be there then; not from a run that others give way for and whose
 * priority is higher, and not from one that has reserved its GPUs.
 */
export function keeperOf(kept: Kept, entry: Entry, part: Part): Keeper | null {
  const { request } = entry.waiting;
  const untilMs = kept.nowMs + request.limitMs;
  for (const { plan, entry: owner } of kept.plans) {
    if (owner === entry || !binds(kept, plan, owner, entry)) continue;
    if (!leavesPlace(plan, part, untilMs)) return { plan };
    if (spoils(kept, { plan, request: owner.request }, { request, gpus: part.gpus })) return { plan };
  }
  const reservation = kept.reserved.breaks(request, part.gpus);
  return reservation && { reservation };
}

/** Whether the place of a plan is kept from a run that is not its owner. */
export function binds(kept: Kept, plan: Plan, owner: Entry, entry: Entry): boolean {
  const { request, runId } = entry.waiting;
  if (plan.firm) return request.priority < plan.priority || kept.order.compare(owner, entry) < 0;
  const isAwaited = kept.plans.some((other) => other.plan.firm && other.plan.runId === runId);
  return !(isAwaited && request.priority > plan.priority) && !kept.reserved.covers(request);
}
