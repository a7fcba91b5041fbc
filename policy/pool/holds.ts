import type { Host } from './host';
import type { Eviction } from './preempt';
import type { Plan } from './plan';
import { refreshed } from './candidates';
import { changeHeld } from './occupancy';
import type { Pool } from './pool';
import type { Entry } from './queue';
import type { Decision, Held } from './state';

/** Asks runs to give way for a waiting one, and keeps the room that they leave for it. */
export function evict(pool: Pool, { waiting }: Entry, { victims, places }: Eviction): Decision[] {
  const { runId, request } = waiting;
  pool.holds.set(runId, { runId, places: [...places].map(([host, nodes]) => ({ host: host.name, nodes })) });
  const because = `run ${runId} of priority ${request.priority} needs ${request.gpus > 0 ? 'its GPUs' : 'its place'}`;
  return victims.map((victim) => askToLeave(pool, victim, runId, because));
}

/** Told once; the lease stays until its run gives it back. */
export function askToLeave(pool: Pool, held: Held, forRun: string | null, because: string): Decision {
  changeHeld(pool, held, { told: { for: forRun } });
  const { runId, claim } = held.lease;
  return { kind: 'preempt', runId, claim, because };
}

/** The room that is kept for runs which others give way for. */
export function firmPlans(pool: Pool, nowMs: number): { plan: Plan; entry: Entry }[] {
  return [...pool.holds.values()].flatMap((hold) => {
    const entry = pool.queue.entries.get(hold.runId);
    if (!entry) return [];
    const places = new Map<Host, number>();
    for (const { host, nodes } of hold.places) {
      const kept = pool.hostNamed.get(host);
      if (kept) places.set(kept, nodes);
    }
    const { shape } = entry.of;
    return [
      { entry, plan: { runId: hold.runId, shape, priority: entry.of.line.priority, atMs: nowMs, places, firm: true } },
    ];
  });
}

/**
 * Drops what is kept for nobody: the run waits no more, or a host is not open to it any more, or all who were asked have left
 * and it still does not fit, which is known only after a pass (`all`).
 */
export function dropHolds(pool: Pool, all: boolean): void {
  for (const [runId, { places }] of pool.holds) {
    const entry = pool.queue.entries.get(runId);
    const isOpen = entry && places.every(({ host }) => isOpenTo(pool, entry, host));
    if (!isOpen || (all && !pool.awaited.has(runId))) pool.holds.delete(runId);
  }
}

function isOpenTo(pool: Pool, { of }: Entry, name: string): boolean {
  const host = pool.hostNamed.get(name);
  return host !== undefined && refreshed(pool, of.shape).open.has(host);
}
