import { findPlace, type Allows } from './fit';
import type { Pass } from './head';
import { binds } from './permission';
import { leavesPlace, type Plan } from './plan';
import type { Entry } from './queue';
import { NOTHING_RESERVED } from './reserved';
import type { Shape } from './shape';

/**
 * Until when any of a shape has a place that is free now, for all of a pass: in it less and less is free. Only a bound where
 * that is not so for each of them: the order may change, and with it whom the place of a run that others give way for is
 * kept from.
 */
export function latestOf(pass: Pass, shape: Shape): number {
  const { plans, reserved } = pass;
  const isBound = plans.length === 1 && !plans[0]!.plan.firm && reserved === NOTHING_RESERVED;
  return isBound ? besidePlans(pass, shape) : Infinity;
}

/**
 * Whether the plans of others keep a run out. That is known without another search where all of them bind it, and is the same
 * for all of its shape but for their limits. What reservations keep has to be looked at one by one.
 */
export function isKeptOut(pass: Pass, entry: Entry): boolean {
  const { plans, reserved, nowMs } = pass;
  if (plans.length === 0 || reserved !== NOTHING_RESERVED) return false;
  for (const { plan, entry: owner } of plans) if (owner === entry || !binds(pass, plan, owner, entry)) return false;
  return nowMs + entry.request.limitMs > besidePlans(pass, entry.of.shape);
}

function besidePlans(pass: Pass, shape: Shape): number {
  const { latest, plans } = pass;
  if (latest.plans !== plans) {
    latest.plans = plans;
    latest.byShape.clear();
  }
  const known = latest.byShape.get(shape) ?? findLatest(pass, shape);
  latest.byShape.set(shape, known);
  return known;
}

function findLatest({ pool, plans }: Pass, shape: Shape): number {
  const firm = plans.flatMap(({ plan }) => (plan.firm ? [plan] : []));
  const head = plans.find(({ plan }) => !plan.firm)?.plan;
  const isKept = (some: readonly Plan[]): boolean => findPlace(pool, shape, besideAll(some)).kind === 'kept';
  if (!isKept(plans.map(({ plan }) => plan))) return Infinity;
  return head && (firm.length === 0 || !isKept(firm)) ? head.atMs : -Infinity;
}

function besideAll(plans: readonly Plan[]): Allows {
  return (part) => plans.every((plan) => leavesPlace(plan, part, Infinity));
}
