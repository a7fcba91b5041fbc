import { findPlace, type Fit, type Part } from './fit';
import { grant } from './grant';
import { countBefore, orderAt, type Order } from './order';
import { refreshed, type Pool } from './pool';
import type { Entry, WaitClass } from './queue';
import { exceedsQuota } from './quota';
import type { Shape } from './shape';
import type { Decision } from './state';
import { counted } from './words';

/** Places that are looked for in one pass; the rest waits for the next. */
const MOST_TRIES = 2_000;

/** One look at the whole queue, in order. */
interface Pass {
  readonly pool: Pool;
  readonly nowMs: number;
  readonly order: Order;
  /** Where each class that may start somebody stands. */
  cursors: Cursor[];
  /** Shapes for which there is not enough free. */
  readonly full: Set<Shape>;
  readonly decisions: Decision[];
}

interface Cursor {
  readonly wait: WaitClass;
  at: number;
}

/** Gives leases to those that wait, in order. */
export function passOver(pool: Pool, nowMs: number): Decision[] {
  const pass: Pass = { pool, nowMs, order: orderAt(pool, nowMs), cursors: [], full: new Set(), decisions: [] };
  for (const wait of pool.queue.classes.values()) {
    const { closed, candidates } = refreshed(pool, wait.shape);
    if (closed === null && candidates.size > 0) pass.cursors.push({ wait, at: 0 });
  }
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const cursor = firstOf(pass);
    if (!cursor) break;
    tryNext(pass, cursor);
  }
  return pass.decisions;
}

/** Grants a claim that has just come, if nobody waits whom it would pass. */
export function grantAtOnce(pool: Pool, entry: Entry, nowMs: number): Decision | null {
  const order = orderAt(pool, nowMs);
  if (countBefore(pool, order, entry) > 0 || exceedsQuota(pool, entry.waiting.request)) return null;
  const fit = findPlace(pool, entry.of.shape, () => true);
  return fit.kind === 'fits' ? granted(pool, entry, fit.parts, 0, nowMs) : null;
}

function tryNext(pass: Pass, cursor: Cursor): void {
  const { pool, nowMs, order } = pass;
  const entry = entryAt(cursor);
  const { shape } = cursor.wait;
  if (pass.full.has(shape) || exceedsQuota(pool, entry.waiting.request)) return drop(pass, cursor);
  const fit: Fit = findPlace(pool, shape, () => true);
  if (fit.kind !== 'fits') {
    pass.full.add(shape);
    return drop(pass, cursor);
  }
  const passed = countBefore(pool, order, entry);
  pass.decisions.push(granted(pool, entry, fit.parts, passed, nowMs));
  order.forget(entry.waiting.request.project);
  if (cursor.wait.entries.length === 0) drop(pass, cursor);
}

function granted(pool: Pool, entry: Entry, parts: readonly Part[], passed: number, nowMs: number): Decision {
  const because = becauseOf(entry, parts, passed);
  return { kind: 'grant', lease: grant(pool, entry, parts, because, nowMs) };
}

/** Such as `host a: best fit, 2 of 4 GPUs were free; passed 3 runs that wait for bigger holes`. */
function becauseOf({ waiting: { request } }: Entry, parts: readonly Part[], passed: number): string {
  const places = parts.map(({ host, nodes }) => {
    const free = host.freeGpus.length;
    const cpus = (host.cpus - host.usedCpus) / 1_000;
    const room =
      request.gpus > 0
        ? `${free} of ${counted(host.facts.gpus.length, 'GPU')} were free`
        : `${cpus} of ${counted(host.cpus / 1_000, 'CPU')} were free`;
    return `host ${host.name}: ${request.nodes > 1 ? `${counted(nodes, 'node')}, ` : ''}best fit, ${room}`;
  });
  const others = passed > 0 ? `; passed ${counted(passed, 'run')} that cannot start yet` : '';
  return `${places.join('; ')}${others}`;
}

function firstOf({ cursors, order }: Pass): Cursor | undefined {
  let first = cursors[0];
  for (const cursor of cursors) {
    if (cursor !== first && order.compare(entryAt(cursor), entryAt(first!)) < 0) first = cursor;
  }
  return first;
}

const entryAt = ({ wait, at }: Cursor): Entry => wait.entries[at]!;

function drop(pass: Pass, cursor: Cursor): void {
  pass.cursors = pass.cursors.filter((other) => other !== cursor);
}
