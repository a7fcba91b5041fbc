import type { Gpu } from '../../contract/gpu';
import type { LeaseNode } from '../../contract/pool';
import { noteChange } from './changes';
import { addEnd, dropEnd } from './ends';
import { recountUnleased, unleasedGpusOf } from './unleased';
import { before, stateOf, thousandths, type Host } from './host';
import type { Pool, Totals } from './pool';
import { addRelease, dropRelease } from './releases';
import type { Held } from './state';

/** Keeps account of what is given out of the hosts. */

/** A lease takes its place. */
export function hold(pool: Pool, held: Held): void {
  pool.held.set(held.lease.runId, held);
  addEnd(pool, held);
  if (held.passed !== null) pool.aged.set(held, Date.parse(held.request.submittedAt));
  for (const node of held.lease.nodes) occupy(pool, held, node, 1);
  for (const host of hostsOf(pool, held)) addRelease(host, held);
  count(pool, held, 1);
}

/** A lease leaves it. */
export function letGo(pool: Pool, held: Held): void {
  pool.held.delete(held.lease.runId);
  dropEnd(pool, held);
  pool.aged.delete(held);
  for (const node of held.lease.nodes) occupy(pool, held, node, -1);
  for (const host of hostsOf(pool, held)) dropRelease(host, held);
  count(pool, held, -1);
}

/** A host appears. Runs that said what they hold before it was known hold it there from now on. */
export function addHost(pool: Pool, host: Host): void {
  pool.hosts.push(host);
  pool.hostNamed.set(host.name, host);
  for (const held of pool.held.values()) {
    for (const node of held.lease.nodes) {
      if (node.host !== host.name) continue;
      use(host, held, node, 1);
      if (isMovable(held)) addTo(pool.movable, host, 1);
    }
  }
}

/** What is other about a lease than before, in place. */
export function changeHeld(pool: Pool, held: Held, change: Partial<Pick<Held, 'request' | 'told' | 'passed'>>): void {
  pool.version += 1;
  countTold(pool, held, -1);
  dropEnd(pool, held);
  Object.assign(held, change);
  addEnd(pool, held);
  if (held.passed === null) pool.aged.delete(held);
  countTold(pool, held, 1);
  for (const host of hostsOf(pool, held)) {
    dropRelease(host, held);
    addRelease(host, held);
    noteChange(pool.changes, host);
  }
}

/** Hosts came or went: puts them in order. */
export function rosterChanged(pool: Pool): void {
  pool.roster += 1;
  pool.hosts.sort((one, other) => before(one.name, other.name));
  pool.hosts.forEach((host, index) => (host.index = index));
  hostsChanged(pool, pool.hosts);
}

/** Some hosts are other than they were: makes void what was known of them. */
export function hostsChanged(pool: Pool, changed: readonly Host[]): void {
  pool.hostsVersion += 1;
  pool.version += 1;
  pool.sharedGpus = sharedGpus(pool.hosts);
  pool.totals = totalsOf(pool.hosts);
  pool.models = [...new Set(pool.hosts.flatMap(({ facts }) => facts.gpus.map(({ model }) => model)))];
  pool.draining = pool.hosts.filter((host) => stateOf(host) === 'draining');
  const before = pool.unleasedGpus;
  for (const host of changed) recountUnleased(host);
  pool.unleasedGpus = unleasedGpusOf(pool.hosts);
  // What a container holds on one host is free on no other that reports the same GPU.
  const mayReach = pool.sharedGpus.size + pool.unleasedGpus.size + before.size > 0;
  for (const host of mayReach ? pool.hosts : changed) {
    refreshGpus(pool, host);
    host.releases = null;
    noteChange(pool.changes, host);
  }
}

function hostsOf({ hostNamed }: Pool, { lease: { nodes } }: Held): Set<Host> {
  return new Set(nodes.flatMap(({ host }) => hostNamed.get(host) ?? []));
}

function occupy(pool: Pool, held: Held, node: LeaseNode, sign: 1 | -1): void {
  pool.version += 1;
  for (const id of node.gpuIds) addTo(pool.gpuLeases, id, sign);
  const host = pool.hostNamed.get(node.host);
  if (!host) return;
  use(host, held, node, sign);
  const gpuIds = [...node.gpuIds, ...recountUnleased(host)];
  if (gpuIds.length > node.gpuIds.length) pool.unleasedGpus = unleasedGpusOf(pool.hosts);
  for (const touched of sharing(pool, host, gpuIds)) {
    if (gpuIds.length > 0) refreshGpus(pool, touched);
    noteChange(pool.changes, touched);
  }
}

function use(host: Host, held: Held, node: LeaseNode, sign: 1 | -1): void {
  host.usedCpus += sign * thousandths(node.cpus);
  host.usedMemory += sign * node.memoryBytes;
  if (sign === 1) host.held.set(held.lease.runId, held);
  else host.held.delete(held.lease.runId);
}

/** The host of a node, with those that report its GPUs as well. */
function sharing({ sharedGpus }: Pool, host: Host, gpuIds: readonly string[]): Iterable<Host> {
  return sharedGpus.size === 0 ? [host] : new Set([host, ...gpuIds.flatMap((id) => sharedGpus.get(id) ?? [])]);
}

function refreshGpus({ gpuLeases, unleasedGpus }: Pool, host: Host): void {
  const free: Gpu[] = [];
  for (const gpu of host.usable.values()) {
    if (!gpuLeases.has(gpu.id) && !unleasedGpus.has(gpu.id)) free.push(gpu);
  }
  host.freeGpus = free;
}

function count(pool: Pool, held: Held, sign: 1 | -1): void {
  const { request, lease } = held;
  countTold(pool, held, sign);
  const nodes = lease.nodes.length;
  for (const [amounts, name] of [
    [pool.projects, request.project],
    [pool.owners, request.owner],
  ] as const) {
    const known = amounts.get(name) ?? { runs: 0, cpus: 0, gpus: 0 };
    const runs = known.runs + sign;
    const cpus = known.cpus + sign * nodes * thousandths(request.cpus);
    const gpus = known.gpus + sign * nodes * request.gpus;
    if (runs === 0) amounts.delete(name);
    else amounts.set(name, { runs, cpus, gpus });
  }
}

/** Those who can be asked to give way, and those who were. */
function countTold(pool: Pool, held: Held, sign: 1 | -1): void {
  const { victims, awaited, movable, hostNamed } = pool;
  const { request, told, lease } = held;
  if (isMovable(held)) {
    for (const { host } of lease.nodes) {
      const known = hostNamed.get(host);
      if (known) addTo(movable, known, sign);
    }
  }
  if (request.preemptible && told === null) addTo(victims, request.priority, sign);
  if (told && told.for !== null) addTo(awaited, told.for, sign);
}

const isMovable = ({ request, told }: Held): boolean => request.preemptible || told !== null;

function addTo<K>(counts: Map<K, number>, key: K, more: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + more;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

function totalsOf(hosts: readonly Host[]): Totals {
  const totals = { cpus: 0, memory: 0, gpus: 0 };
  for (const { cpus, memory, facts } of hosts) {
    totals.cpus += cpus;
    totals.memory += memory;
    totals.gpus += facts.gpus.length;
  }
  return totals;
}

function sharedGpus(hosts: readonly Host[]): Map<string, Host[]> {
  const byGpu = new Map<string, Host[]>();
  for (const host of hosts) for (const { id } of host.facts.gpus) byGpu.set(id, [...(byGpu.get(id) ?? []), host]);
  return new Map([...byGpu].filter(([, sharing]) => sharing.length > 1));
}
