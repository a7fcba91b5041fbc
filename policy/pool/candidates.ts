import type { LeaseRequest } from '../../contract/pool';
import { changedSince, changesSoFar } from './changes';
import type { Host } from './host';
import { openHosts, reopenHosts } from './open-hosts';
import type { Pool } from './pool';
import { createShape, freeNodes, isReachable, isWantedBy, shapeKey, type Candidate, type Shape } from './shape';

/** Shapes that are remembered although nobody waits with them. */
const MOST_SHAPES = 500;

/** Changes up to which it is not worth while to see which hosts are named twice. */
const FEW_CHANGES = 8;

/** Steps in which ranks count CPUs and memory. */
const REST_RANKS = 128;

/** Ranks count GPUs that are free below this, and what is wasted in multiples of it. */
const MOST_GPUS = 4_096;

/** The shape of a request, with its hosts and candidates as of now. */
export function shapeOf(pool: Pool, request: LeaseRequest): Shape {
  const key = shapeKey(request);
  let shape = pool.shapes.get(key);
  if (!shape) {
    if (pool.shapes.size >= MOST_SHAPES) forgetUnused(pool);
    shape = createShape(key, request);
    pool.shapes.set(key, shape);
  }
  return refreshed(pool, shape);
}

/** Brings what is known of a shape up to now: only hosts on which something has changed are looked at. */
export function refreshed(pool: Pool, shape: Shape): Shape {
  const { changes } = pool;
  const soFar = changesSoFar(changes);
  const isOther = shape.openOf !== pool.hostsVersion && !reopen(pool, shape);
  if (soFar === shape.seen && !isOther) return shape;
  if (isOther || shape.seen < changes.before) {
    rankAll(shape);
  } else if (soFar - shape.seen < FEW_CHANGES) {
    for (let at = shape.seen - changes.before; at < changes.hosts.length; at += 1) rank(shape, changes.hosts[at]!);
  } else {
    for (const host of changedSince(changes, shape.seen)!) rank(shape, host);
  }
  shape.seen = soFar;
  return shape;
}

/**
 * Whether the same hosts are open as before but for those that have changed, which are among the changes. They are, unless
 * hosts came or went, as long as they are chosen the same way: that looks at each host by itself.
 */
function reopen(pool: Pool, shape: Shape): boolean {
  const { changes, roster, hostsVersion } = pool;
  const changed = shape.rosterOf === roster ? changedSince(changes, shape.seen) : null;
  if (changed && reopenHosts(shape, changed)) {
    shape.openOf = hostsVersion;
    return true;
  }
  const { asProcess, avoidsNone, closed, rosterOf } = shape;
  Object.assign(shape, openHosts(shape, pool.hosts, pool.settings), { openOf: hostsVersion, rosterOf: roster });
  const wasClosed = closed !== null;
  const isClosed = shape.closed !== null;
  const isSame =
    rosterOf === roster && asProcess === shape.asProcess && avoidsNone === shape.avoidsNone && wasClosed === isClosed;
  if (!isSame) Object.assign(shape, { times: null, offers: new Map() });
  return isSame;
}

function rankAll(shape: Shape): void {
  shape.candidates.clear();
  shape.ranks.clear();
  shape.room = 0;
  for (const host of shape.open) rank(shape, host);
}

function rank(shape: Shape, host: Host): void {
  const nodes = freeNodes(host, shape);
  const known = shape.candidates.get(host);
  if (nodes === 0 || !shape.open.has(host)) {
    if (known) leave(shape, host, known);
    return;
  }
  const now = rankOf(host, shape);
  if (known?.rank === now && known.nodes === nodes) return;
  if (known) leave(shape, host, known);
  const room = nodes >= shape.nodes || isReachable(host) ? nodes : 0;
  shape.candidates.set(host, { rank: now, nodes, room });
  shape.room += room;
  const alike = shape.ranks.get(now);
  if (alike) alike.add(host);
  else shape.ranks.set(now, new Set([host]));
}

function leave(shape: Shape, host: Host, { rank: known, room }: Candidate): void {
  const { candidates, ranks } = shape;
  candidates.delete(host);
  shape.room -= room;
  const alike = ranks.get(known)!;
  alike.delete(host);
  if (alike.size === 0) ranks.delete(known);
}

/** What would be wasted goes first, then how many GPUs are free, then roughly what would be left of the rest. */
function rankOf(host: Host, shape: Shape): number {
  const byGpus = wasteOf(host, shape) * MOST_GPUS + Math.min(host.freeGpus.length, MOST_GPUS - 1);
  const rest = Math.max(0, Math.min(REST_RANKS - 1, Math.floor((restLeft(host, shape) * REST_RANKS) / 2)));
  return byGpus * REST_RANKS + rest;
}

/** CPUs and memory that would be left, as shares of the host: from 0 to 2. */
export function restLeft({ cpus, usedCpus, memory, usedMemory }: Host, shape: Shape): number {
  const cpusLeft = cpus - usedCpus - shape.nodes * shape.cpus;
  const memoryLeft = memory - usedMemory - shape.nodes * shape.memory;
  return cpusLeft / Math.max(1, cpus) + memoryLeft / Math.max(1, memory);
}

/** The memory of its GPUs in MiB, or for a run without GPUs whether the host has any. */
function wasteOf(host: Host, shape: Shape): number {
  if (shape.gpus === 0) return Number(host.facts.gpus.length > 0);
  const smallest = host.freeGpus.find((gpu) => isWantedBy(gpu, shape));
  return Math.round((smallest?.memoryBytes ?? 0) / 1024 ** 2);
}

function forgetUnused(pool: Pool): void {
  for (const [key, shape] of pool.shapes) if (!pool.queue.shapes.has(shape)) pool.shapes.delete(key);
}
