import { becauseOf } from './because';
import { refreshed } from './candidates';
import { advance, createCursors, entryAt, type Cursor } from './cursors';
import { findPlace, type Part } from './fit';
import { clearReserved, drain } from './give-way';
import { grant } from './grant';
import { nextHead, planHead, type Pass } from './head';
import { noteHeldUp } from './held-up';
import { dropHolds, firmPlans } from './holds';
import { countBefore, orderAt } from './order';
import { isKeptOut, latestOf } from './latest';
import { keeperOf } from './permission';
import type { Pool } from './pool';
import type { Entry, WaitClass } from './queue';
import { exceedsOwnerQuota, exceedsProjectQuota, exceedsQuota } from './quota';
import { expireReservations } from './reservations';
import { reservedAt } from './reserved';
import { passedBy } from './seniority';
import type { Decision } from './state';

/**
 * Places that are looked for in vain by those before, and by those behind, the first that has to wait; whoever comes later waits
 * until some of these wait no more. Who is known to be kept out without a look at the hosts, as by a quota, does not count.
 */
const MOST_SEARCHES = 500;

/**
 * Gives leases to those that wait, in order, and asks runs to give way. First come those before the first that has to wait
 * for room; then that one is promised its place; then come those after it that leave it this place.
 */
export function passOver(pool: Pool, nowMs: number): Decision[] {
  expireReservations(pool, nowMs);
  dropHolds(pool, false);
  const pass = createPass(pool, nowMs);
  const decisions = [...drain(pool), ...clearReserved(pool, nowMs)];
  do decisions.push(...startBefore(pass));
  while (pass.head === undefined);
  decisions.push(...settleHeads(pass), ...startBehind(pass));
  dropHolds(pool, true);
  return decisions;
}

/**
 * Those before the first that has to wait, until that may be another one: a grant changes whose turn it is, and that what is free
 * for a gang is on hosts which do not reach each other is known only once a place for it was looked for.
 */
function startBefore(pass: Pass): Decision[] {
  const head = nextHead(pass);
  const isBefore = (entry: Entry): boolean => !head || pass.order.compare(entry, head) < 0;
  const lines = new Set([...pass.pool.queue.lines.values()].filter(({ entries }) => isBefore(entries[0]!)));
  if (lines.size === 0) return [];
  const hopeful = hopefulIn(pass, ({ line, entries }) => lines.has(line) && isBefore(entries[0]!));
  return startIn(pass, hopeful, (cursor) => pass.head !== undefined && isBefore(entryAt(cursor)));
}

function settleHeads(pass: Pass): Decision[] {
  const decisions: Decision[] = [];
  while (!pass.hasHead) {
    const head = nextHead(pass);
    if (!head) break;
    decisions.push(...planHead(pass, head));
  }
  return decisions;
}

function startBehind(pass: Pass): Decision[] {
  const hopeful = hopefulIn(pass, ({ shape, shortestMs }) => pass.nowMs + shortestMs <= latestOf(pass, shape));
  return startIn(pass, hopeful, () => true);
}

function startIn(pass: Pass, waits: readonly WaitClass[], goesOn: (next: Cursor) => boolean): Decision[] {
  const decisions: Decision[] = [];
  if (waits.length === 0) return decisions;
  const cursors = createCursors(waits, pass.order, {
    nowMs: pass.nowMs,
    latestOf: ({ shape }) => latestOf(pass, shape),
    hasQuota: ({ request }) => !exceedsOwnerQuota(pass.pool, request),
  });
  const most = pass.searches + MOST_SEARCHES;
  while (pass.searches < most) {
    const cursor = cursors.first();
    if (!cursor || !goesOn(cursor)) break;
    const decision = tryNext(pass, cursor);
    if (cursor.at >= cursor.wait.entries.length || pass.full.has(cursor.wait.shape)) cursors.dropFirst();
    else cursors.moved();
    if (decision) {
      decisions.push(decision);
      cursors.sort();
    }
  }
  return decisions;
}

function hopefulIn({ pool, full }: Pass, may: (wait: WaitClass) => boolean): WaitClass[] {
  const hopeful: WaitClass[] = [];
  for (const [shape, waits] of pool.queue.shapes) {
    if (shape.closed !== null || shape.room < shape.nodes || full.has(shape)) continue;
    for (const wait of waits) if (may(wait)) hopeful.push(wait);
  }
  return hopeful;
}

/** Grants a claim that has just come, if nobody waits whom it would pass and nothing is kept from it. */
export function grantAtOnce(pass: Pass, entry: Entry): Decision | null {
  const { pool } = pass;
  const wouldPass = [...pool.queue.lines.values()].some(({ entries }) => pass.order.compare(entries[0]!, entry) < 0);
  if (wouldPass || exceedsQuota(pool, entry.request)) return null;
  return tryEntry(pass, entry);
}

export function createPass(pool: Pool, nowMs: number): Pass {
  for (const shape of pool.queue.shapes.keys()) refreshed(pool, shape);
  return {
    pool,
    nowMs,
    order: orderAt(pool, nowMs),
    plans: firmPlans(pool, nowMs),
    reserved: reservedAt(pool, nowMs),
    searches: 0,
    hasHead: false,
    heldUp: new Map(),
    full: new Set(),
    hopeless: new Set(),
    latest: { plans: [], byShape: new Map() },
  };
}

function tryNext(pass: Pass, cursor: Cursor): Decision | null {
  const entry = entryAt(cursor);
  const { wait } = cursor;
  if (pass.full.has(wait.shape) || exceedsProjectQuota(pass.pool, entry.request)) {
    cursor.at = wait.entries.length;
    return null;
  }
  // Others may have been given a place since it was passed to.
  const hasQuota = cursor.hasQuota(entry);
  const decision = hasQuota ? tryEntry(pass, entry) : null;
  if (decision) return decision;
  // Where one is kept out, any other that is not shorter would be as well.
  if (hasQuota) cursor.tooLongMs = Math.min(cursor.tooLongMs, entry.request.limitMs);
  advance(cursor);
  return null;
}

function tryEntry(pass: Pass, entry: Entry): Decision | null {
  const { pool, nowMs, order } = pass;
  const { shape } = entry.of;
  if (isKeptOut(pass, entry)) return null;
  const fit = findPlace(pool, shape, (part) => keeperOf(pass, entry, part) === null);
  if (fit.kind === 'full' || fit.kind === 'closed') {
    pass.full.add(shape);
    pass.head = undefined;
  }
  if (fit.kind !== 'fits' || breaksReservation(pass, entry, fit.parts)) {
    pass.searches += 1;
    if (fit.kind !== 'full') noteHeldUp(pass, entry);
    return null;
  }
  const because = becauseOf(entry, fit.parts, countBefore(pool, order, entry));
  const passed = pass.hasHead ? null : passedBy(pool, order, entry);
  const lease = grant(pool, entry, { parts: fit.parts, because, passed }, nowMs);
  pool.holds.delete(lease.runId);
  pass.plans = pass.plans.filter((other) => other.entry !== entry);
  pass.reserved = reservedAt(pool, nowMs);
  pass.head = undefined;
  pass.latest.byShape.clear();
  for (const other of pool.queue.shapes.keys()) refreshed(pool, other);
  order.forget(entry.request.project);
  return { kind: 'grant', lease };
}

/** Of a gang on several hosts each part may be allowed and all together not. */
function breaksReservation({ reserved }: Pass, { request }: Entry, parts: readonly Part[]): boolean {
  if (parts.length === 1) return false;
  return (
    reserved.breaks(
      request,
      parts.flatMap(({ gpus }) => gpus),
    ) !== null
  );
}
