import { placeGang } from '../policy/gang';
import { Gang } from './gang';
import { runPlaced, type EndedAttempt, type PlacedWish } from './placed-attempt';
import type { RunLife } from './run-life';

export interface EndedNodes extends EndedAttempt {
  /** Host of the node that the attempt ended for; absent where that is the run's own. */
  host?: string;
}

/**
 * An attempt on all hosts of its lease. A run of one node is on one; of a gang the first node is the run's own, and the others
 * are runs of their own, which end with it.
 */
export async function runNodes(life: RunLife, epoch: number, wish: PlacedWish): Promise<EndedNodes> {
  const leases = life.lease.standing()?.lease?.nodes ?? [];
  if (leases.length < 2) return runPlaced(life, epoch, wish);
  const { spec, specHash, attempt } = wish;
  const places = placeGang({ runId: life.run.id, attempt, epoch }, spec, leases);
  if (typeof places === 'string') {
    return { ending: { reason: 'start-failed', exitCode: null, detail: { detail: places } }, findings: null };
  }
  const gang = await Gang.start(life, { spec, specHash, epoch, places, leases });
  const own = await runPlaced(life, epoch, { ...wish, gang: places[0]! });
  const { ending, of } = await gang.end(own.ending);
  if (of === null) return { ...own, ending };
  const { findings, evidence } = of.end;
  Object.assign(life.attempts.at(-1)!, { evidence });
  return { ending, findings, host: of.host };
}
