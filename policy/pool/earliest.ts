import type { Gpu } from '../../contract/gpu';
import { changesSoFar } from './changes';
import { thousandths, type Host, type Release } from './host';
import type { Pool } from './pool';
import { freeWanted, nodesIn, wantedOf, type Shape } from './shape';
import type { Held } from './state';

/** Room on a host that is spoken for and not held yet. */
export interface Claimed {
  cpus: number;
  memory: number;
  gpus: number;
  untilMs: number;
}

/**
 * When a lease ends at the latest, by the limit of its run. One whose run was asked to give way may end any moment, and so
 * may one that is past its limit: whoever compares takes the later of this and now.
 */
export function endOf({ told, grantedMs, request }: Held): number {
  return told ? 0 : grantedMs + request.limitMs;
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
  const isNear = known !== null && known.seen >= changes.before && soFar - known.seen < hosts.length;
  const rows = isNear ? known.rows : new Float64Array(hosts.length * shape.nodes).fill(Infinity);
  const changed = isNear ? new Set(changes.hosts.slice(known.seen - changes.before)) : shape.open;
  for (const host of changed) if (shape.open.has(host)) fillRow(rows, host, shape);
  shape.times = { rows, seen: soFar };
  return rows;
}

function fillRow(rows: Float64Array, host: Host, shape: Shape): void {
  const times = findTimes(host, shape, []);
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
  const note = (atMs: number): void => {
    const fitting = nodesIn(shape, cpus, memory, gpus);
    while (times.length < fitting) times.push(atMs);
  };
  note(0);
  for (const released of endsOf(host, claimed)) {
    if (times.length === shape.nodes) break;
    cpus += released.cpus;
    memory += released.memory;
    gpus += typeof released.gpus === 'number' ? released.gpus : wantedOf(released.gpus, shape);
    note(released.untilMs);
  }
  return times;
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

/** What the leases of a host will give back, the earliest first. */
export function releasesOf(host: Host): readonly Release[] {
  if (host.releases.version !== host.version) {
    const list = [...host.held.values()].map((held) => createRelease(held, host));
    host.releases = { version: host.version, list: list.toSorted((one, other) => one.untilMs - other.untilMs) };
  }
  return host.releases.list;
}

function createRelease(held: Held, host: Host): Release {
  const released = { held, cpus: 0, memory: 0, gpus: [] as Gpu[], untilMs: endOf(held) };
  for (const node of held.lease.nodes) {
    if (node.host !== host.name) continue;
    released.cpus += thousandths(node.cpus);
    released.memory += node.memoryBytes;
    for (const id of node.gpuIds) {
      const gpu = host.usable.get(id);
      if (gpu) released.gpus.push(gpu);
    }
  }
  return released;
}
