import { createCursors, entryAt } from './cursors';
import { findTimes, timesIn, type Claimed } from './earliest';
import { refreshed } from './candidates';
import type { Pass } from './head';
import type { Host } from './host';
import { claimedBy } from './plan';
import type { Pool } from './pool';
import { promisedIn, promisedPlace } from './promise';
import type { Entry } from './queue';
import { exceedsQuota } from './quota';
import { NOTHING_RESERVED } from './reserved';
import type { Shape } from './shape';

/**
 * Looks at hosts in one forecast, and at leases that end where something is reserved: a tenth of a second or two. Whoever comes
 * after that has no estimate.
 */
const MOST_LOOKS = 100_000;

/**
 * When the first runs of the queue are to start, in milliseconds by run: each at the earliest place that those before it leave,
 * if every run takes as long as it may. A run that waits for anything else than room is left out.
 */
export function forecast(pass: Pass, most: number): Map<string, number> {
  const { pool, reserved, nowMs } = pass;
  const starts = new Map<string, number>();
  const times = createTimes(pool);
  for (const entry of firstEntries(pass, most)) {
    const shape = refreshed(pool, entry.of.shape);
    if (shape.closed !== null || exceedsQuota(pool, entry.request)) continue;
    if (reserved !== NOTHING_RESERVED && shape.gpus > 0) times.looks += pool.held.size;
    // The first is promised the same place at each decision, which is remembered.
    const place =
      starts.size === 0
        ? promisedPlace(pool, reserved, entry, nowMs)
        : promisedIn({ pool, reserved, nowMs }, entry, times.of(shape));
    if (times.looks > MOST_LOOKS) break;
    if (!place) continue;
    const { runId } = entry.waiting;
    starts.set(runId, place.atMs);
    const plan = { runId, shape, priority: entry.of.line.priority, firm: false, ...place };
    const untilMs = place.atMs + entry.request.limitMs;
    for (const [host, rooms] of claimedBy([{ plan, untilMs }])) times.take(host, rooms[0]!);
  }
  return starts;
}

/** When shapes will fit beside what was taken meanwhile, as `timesIn` says it. */
interface Times {
  of(shape: Shape): Float64Array;
  take(host: Host, room: Claimed): void;
  looks: number;
}

/** A shape that is asked for again looks only at hosts where something was taken since. */
function createTimes(pool: Pool): Times {
  const claimed = new Map<Host, Claimed[]>();
  const taken: Host[] = [];
  const tables = new Map<Shape, { rows: Float64Array; seen: number }>();
  const times: Times = {
    looks: 0,
    of: (shape) => {
      let table = tables.get(shape);
      if (!table) {
        if (shape.times === null) times.looks += shape.open.size;
        table = { rows: timesIn(pool, shape).slice(), seen: 0 };
        tables.set(shape, table);
      }
      for (const host of new Set(taken.slice(table.seen))) {
        if (!shape.open.has(host)) continue;
        times.looks += 1;
        const found = findTimes(host, shape, claimed.get(host)!);
        for (let node = 0; node < shape.nodes; node += 1) {
          table.rows[host.index * shape.nodes + node] = found[node] ?? Infinity;
        }
      }
      table.seen = taken.length;
      return table.rows;
    },
    take: (host, room) => {
      const rooms = claimed.get(host) ?? [];
      // In order, so that those that look have next to nothing to sort.
      let at = rooms.length;
      while (at > 0 && rooms[at - 1]!.untilMs > room.untilMs) at -= 1;
      rooms.splice(at, 0, room);
      claimed.set(host, rooms);
      taken.push(host);
    },
  };
  return times;
}

function* firstEntries({ pool, order, nowMs }: Pass, most: number): Generator<Entry> {
  const waits = [...pool.queue.shapes.values()].flatMap((alike) => [...alike]);
  const cursors = createCursors(waits, order, { nowMs, latestOf: () => Infinity, hasQuota: () => true });
  for (let count = 0; count < most; count += 1) {
    const cursor = cursors.first();
    if (!cursor) return;
    yield entryAt(cursor);
    cursor.at += 1;
    if (cursor.at < cursor.wait.entries.length) cursors.moved();
    else cursors.dropFirst();
  }
}
