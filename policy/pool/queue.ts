import type { LeaseRequest, PoolSettings } from '../../contract/pool';
import { before } from './host';
import type { Shape } from './shape';
import type { Waiting } from './state';

/** Claims that wait: each stands in its line and, with its equals, in a class. */
export interface Queue {
  /** By run. */
  readonly entries: Map<string, Entry>;
  readonly lines: Map<string, Line>;
  /** Classes by shape, of those that somebody waits with. */
  readonly shapes: Map<Shape, Set<WaitClass>>;
}

/** Waiting claims of one project and priority: always in the same order among each other, which is that of their age. */
export interface Line {
  readonly key: string;
  readonly project: string;
  /** Without ageing. */
  readonly priority: number;
  /** In order. */
  readonly entries: Entry[];
  /** When each of them was submitted. */
  readonly submitted: number[];
  /** What the newest order knows of the project; see policy/pool/order. */
  standing: { of: number; value: number };
}

/** Waiting claims of a line that differ by nothing but owner, age and limit: what keeps one of them often keeps all. */
export interface WaitClass {
  readonly shape: Shape;
  readonly line: Line;
  readonly preemptible: boolean;
  /** In order. */
  readonly entries: Entry[];
  /** The least limit of all. */
  shortestMs: number;
}

export interface Entry {
  readonly waiting: Waiting;
  readonly request: LeaseRequest;
  readonly submittedMs: number;
  readonly of: WaitClass;
  /** Effective priority in whole points, as of an instant and of the settings then. */
  points: { atMs: number; settings: PoolSettings | null; value: number };
}

export function createQueue(): Queue {
  return { entries: new Map(), lines: new Map(), shapes: new Map() };
}

export function addToQueue(queue: Queue, waiting: Waiting, shape: Shape): Entry {
  const { request } = waiting;
  const of = classOf(queue, request, shape);
  const entry = {
    waiting,
    request,
    submittedMs: Date.parse(request.submittedAt),
    of,
    points: { atMs: NaN, settings: null, value: 0 },
  };
  of.entries.splice(placeIn(of.entries, entry), 0, entry);
  const place = placeIn(of.line.entries, entry);
  of.line.entries.splice(place, 0, entry);
  of.line.submitted.splice(place, 0, entry.submittedMs);
  of.shortestMs = Math.min(of.shortestMs, request.limitMs);
  queue.entries.set(waiting.runId, entry);
  return entry;
}

export function removeFromQueue(queue: Queue, entry: Entry): void {
  const { of, request } = entry;
  const { entries, line, shape } = of;
  queue.entries.delete(entry.waiting.runId);
  entries.splice(placeIn(entries, entry), 1);
  const place = placeIn(line.entries, entry);
  line.entries.splice(place, 1);
  line.submitted.splice(place, 1);
  if (request.limitMs === of.shortestMs) {
    of.shortestMs = entries.reduce((least, other) => Math.min(least, other.request.limitMs), Infinity);
  }
  if (line.entries.length === 0) queue.lines.delete(line.key);
  if (entries.length > 0) return;
  const alike = queue.shapes.get(shape)!;
  alike.delete(of);
  if (alike.size === 0) queue.shapes.delete(shape);
}

/** How many of some that stand in order come before an entry. */
export function placeIn(entries: readonly Entry[], entry: Entry): number {
  return countWhile(entries.length, (at) => byAge(entries[at]!, entry) < 0);
}

/** How many of the first of a list are so, where none after them is: by halves. */
export function countWhile(length: number, isSo: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isSo(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The older submission first, then the smaller id. */
export function byAge(one: Entry, other: Entry): number {
  return one.submittedMs - other.submittedMs || before(one.waiting.runId, other.waiting.runId);
}

function classOf(queue: Queue, request: LeaseRequest, shape: Shape): WaitClass {
  const line = lineOf(queue, request);
  const { preemptible } = request;
  const alike = queue.shapes.get(shape) ?? new Set<WaitClass>();
  for (const of of alike) if (of.line === line && of.preemptible === preemptible) return of;
  const of = { shape, line, preemptible, entries: [], shortestMs: Infinity };
  queue.shapes.set(shape, alike.add(of));
  return of;
}

function lineOf({ lines }: Queue, { project, priority }: LeaseRequest): Line {
  const key = JSON.stringify([project, priority]);
  const known = lines.get(key);
  if (known) return known;
  const line = { key, project, priority, entries: [], submitted: [], standing: { of: -1, value: 0 } };
  lines.set(key, line);
  return line;
}
