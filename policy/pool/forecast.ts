import { refreshed } from './candidates';
import type { Claimed } from './earliest';
import type { Pass } from './head';
import type { Host } from './host';
import type { Order } from './order';
import { claimedBy } from './plan';
import type { Pool } from './pool';
import { promisedPlace } from './promise';
import type { Entry, Line } from './queue';
import { exceedsQuota } from './quota';

/** Runs further back have no estimate: nobody knows what comes before them until then. */
export const FORESEEN = 20;

/**
 * When the first runs of the queue are to start, in milliseconds by run: each at the earliest place that those before it leave,
 * if every run takes as long as it may. A run that waits for anything else than room is left out.
 */
export function forecast({ pool, order, reserved, nowMs }: Pass, most: number): Map<string, number> {
  const starts = new Map<string, number>();
  const claimed = new Map<Host, Claimed[]>();
  for (const entry of firstEntries(pool, order, most)) {
    const shape = refreshed(pool, entry.of.shape);
    if (shape.closed !== null || exceedsQuota(pool, entry.request)) continue;
    const place = promisedPlace(pool, reserved, entry, nowMs, claimed);
    if (!place) continue;
    const { runId } = entry.waiting;
    starts.set(runId, place.atMs);
    const plan = { runId, shape, priority: entry.of.line.priority, firm: false, ...place };
    for (const [host, rooms] of claimedBy([{ plan, untilMs: place.atMs + entry.request.limitMs }])) {
      claimed.set(host, [...(claimed.get(host) ?? []), ...rooms]);
    }
  }
  return starts;
}

function firstEntries({ queue }: Pool, order: Order, most: number): Entry[] {
  const entries: Entry[] = [];
  const taken = new Map<Line, number>();
  while (entries.length < most) {
    let first: Entry | undefined;
    for (const line of queue.lines.values()) {
      const next = line.entries[taken.get(line) ?? 0];
      if (next && (!first || order.compare(next, first) < 0)) first = next;
    }
    if (!first) break;
    const { line } = first.of;
    taken.set(line, (taken.get(line) ?? 0) + 1);
    entries.push(first);
  }
  return entries;
}
