import { becauseOf } from './because';
import { entryAt, firstCursor, type Cursor } from './cursors';
import { findPlace, type Part } from './fit';
import { clearReserved, drain } from './give-way';
import { grant } from './grant';
import { nextHead, planHead, type Pass } from './head';
import { dropHolds, firmPlans } from './holds';
import { countBefore, orderAt } from './order';
import { keeperOf } from './permission';
import { refreshed, type Pool } from './pool';
import type { Entry } from './queue';
import { exceedsQuota } from './quota';
import { expireReservations } from './reservations';
import { reservedAt } from './reserved';
import type { Decision } from './state';

/** Places that are looked for in one pass; the rest waits for the next. */
const MOST_TRIES = 1_000;

/** How many of a class are passed over in search of one whose limit is short enough. */
const MOST_PASSED = 500;

/** Gives leases to those that wait, in order, and asks runs to give way. */
export function passOver(pool: Pool, nowMs: number): Decision[] {
  expireReservations(pool, nowMs);
  dropHolds(pool, false);
  const decisions = [...drain(pool), ...clearReserved(pool, nowMs)];
  const pass = createPass(pool, nowMs);
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const cursor = firstCursor(pass.cursors, pass.order);
    if (!pass.hasHead) decisions.push(...headBefore(pass, cursor));
    if (!cursor) break;
    decisions.push(...tryNext(pass, cursor));
  }
  dropHolds(pool, true);
  return decisions;
}

/** Grants a claim that has just come, if nobody waits whom it would pass and nothing is kept from it. */
export function grantAtOnce(pool: Pool, entry: Entry, nowMs: number): Decision | null {
  expireReservations(pool, nowMs);
  const pass = createPass(pool, nowMs);
  if (countBefore(pool, pass.order, entry) > 0) return null;
  return tryEntry(pass, entry);
}

export function createPass(pool: Pool, nowMs: number): Pass {
  const order = orderAt(pool, nowMs);
  const cursors: Cursor[] = [];
  for (const wait of pool.queue.classes.values()) {
    const { closed, candidates } = refreshed(pool, wait.shape);
    if (closed === null && candidates.size > 0) cursors.push({ wait, at: 0, tooLongMs: Infinity });
  }
  const plans = firmPlans(pool, nowMs);
  return {
    pool,
    nowMs,
    order,
    cursors,
    plans,
    reserved: reservedAt(pool, nowMs),
    hasHead: false,
    full: new Set(),
    hopeless: new Set(),
  };
}

/** Lets those that have to wait before the next one keep their place, or make room for themselves. */
function headBefore(pass: Pass, next: Cursor | undefined): Decision[] {
  const decisions: Decision[] = [];
  while (!pass.hasHead) {
    const head = nextHead(pass);
    if (!head || (next && pass.order.compare(entryAt(next), head) < 0)) break;
    decisions.push(...planHead(pass, head));
  }
  return decisions;
}

function tryNext(pass: Pass, cursor: Cursor): Decision[] {
  const entry = entryAt(cursor);
  const { wait } = cursor;
  if (pass.full.has(wait.shape) || exceedsQuota(pass.pool, entry.waiting.request)) {
    drop(pass, cursor);
    return [];
  }
  const decision = tryEntry(pass, entry);
  if (!decision && !pass.full.has(wait.shape)) advance(pass, cursor);
  if (wait.entries.length <= cursor.at || pass.full.has(wait.shape)) drop(pass, cursor);
  return decision ? [decision] : [];
}

function tryEntry(pass: Pass, entry: Entry): Decision | null {
  const { pool, nowMs, order } = pass;
  const { request } = entry.waiting;
  const { shape } = entry.of;
  if (exceedsQuota(pool, request)) return null;
  const fit = findPlace(pool, shape, (part) => keeperOf(pass, entry, part) === null);
  if (fit.kind === 'full' || fit.kind === 'closed') {
    pass.full.add(shape);
    pass.head = undefined;
  }
  if (fit.kind !== 'fits' || breaksReservation(pass, entry, fit.parts)) return null;
  const because = becauseOf(entry, fit.parts, countBefore(pool, order, entry));
  const lease = grant(pool, entry, fit.parts, because, nowMs);
  pool.holds.delete(lease.runId);
  pass.plans = pass.plans.filter((other) => other.entry !== entry);
  pass.reserved = reservedAt(pool, nowMs);
  pass.head = undefined;
  order.forget(request.project);
  return { kind: 'grant', lease };
}

/** Of a gang on several hosts each part may be allowed and all together not. */
function breaksReservation({ reserved }: Pass, { waiting }: Entry, parts: readonly Part[]): boolean {
  if (parts.length === 1) return false;
  return (
    reserved.breaks(
      waiting.request,
      parts.flatMap(({ gpus }) => gpus),
    ) !== null
  );
}

/** To the next of its class that is shorter than the one which was kept out: any other would be as well. */
function advance(pass: Pass, cursor: Cursor): void {
  const { entries } = cursor.wait;
  cursor.tooLongMs = Math.min(cursor.tooLongMs, entryAt(cursor).waiting.request.limitMs);
  const last = Math.min(entries.length, cursor.at + MOST_PASSED);
  do cursor.at += 1;
  while (cursor.at < last && entryAt(cursor).waiting.request.limitMs >= cursor.tooLongMs);
  if (cursor.at >= last) drop(pass, cursor);
}

function drop(pass: Pass, cursor: Cursor): void {
  pass.cursors = pass.cursors.filter((other) => other !== cursor);
}
