import { changedSince, changesSoFar } from './changes';
import type { Host, Release } from './host';
import type { Pool } from './pool';
import { releasesOf } from './releases';
import { freeWanted, nodesIn, wantedOf, type Shape } from './shape';

/** Room on a host that is spoken for and not held yet. */
export interface Claimed {
  cpus: number;
  memory: number;
  gpus: number;
  untilMs: number;
}

/**
 * When the first, the second, … node of a shape will fit on each host if every lease takes as long as it may, in rows as long
 * as the shape has nodes, by index of the host. A time in the past means now, an infinite one never. Only hosts that have
 * changed are looked at again.
 */
export function timesIn({ changes, hosts }: Pool, shape: Shape): Float64Array {
  const soFar = changesSoFar(changes);
  const known = shape.times;
  if (known?.seen === soFar) return known.rows;
  const changed = known && soFar - known.seen < hosts.length ? changedSince(changes, known.seen) : null;
  const rows = known && changed ? known.rows : new Float64Array(hosts.length * shape.nodes).fill(Infinity);
  for (const host of changed ?? shape.open) fillRow(rows, host, shape);
  shape.times = { rows, seen: soFar };
  return rows;
}

function fillRow(rows: Float64Array, host: Host, shape: Shape): void {
  const times = shape.open.has(host) ? findTimes(host, shape, []) : [];
  for (let node = 0; node < shape.nodes; node += 1) rows[host.index * shape.nodes + node] = times[node] ?? Infinity;
}

/**
 * The same for one host on which others will have taken room meanwhile, counted from now on; shorter where not all nodes ever
 * fit.
 */
export function findTimes(host: Host, shape: Shape, claimed: readonly Claimed[]): number[] {
  let cpus = host.cpus - host.usedCpus - sumOf(claimed, 'cpus');
  let memory = host.memory - host.usedMemory - sumOf(claimed, 'memory');
  let gpus = freeWanted(host, shape) - sumOf(claimed, 'gpus');
  const times: number[] = [];
  const ends = endsOf(host, claimed);
  let atMs = 0;
  for (let next = 0; ; next += 1) {
    const fitting = nodesIn(shape, cpus, memory, gpus);
    while (times.length < fitting) times.push(atMs);
    const released = ends[next];
    if (times.length === shape.nodes || !released) return times;
    cpus += released.cpus;
    memory += released.memory;
    gpus += typeof released.gpus === 'number' ? released.gpus : wantedOf(released.gpus, shape);
    atMs = released.untilMs;
  }
}

/** Whatever will be free again, in order. */
function endsOf(host: Host, claimed: readonly Claimed[]): readonly (Release | Claimed)[] {
  const releases = releasesOf(host);
  if (claimed.length === 0) return releases;
  return [...releases, ...claimed].toSorted((one, other) => one.untilMs - other.untilMs);
}

function sumOf(claimed: readonly Claimed[], what: 'cpus' | 'memory' | 'gpus'): number {
  let sum = 0;
  for (const each of claimed) sum += each[what];
  return sum;
}
