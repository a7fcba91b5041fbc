import type { LeaseNode, LeaseRequest, PoolSettings, Reservation } from '../../contract/pool';
import { before, createHost, thousandths, type Host } from './host';
import { createShape, freeNodes, openHosts, shapeKey, type Shape } from './shape';
import { readState, type Account, type Held, type Hold, type PoolData, type PoolState } from './state';
import { addToQueue, type Queue } from './queue';

/** A pool at work: the state, with the indexes by which it decides quickly. They follow from the state and decide nothing. */
export interface Pool {
  readonly name: string;
  settings: PoolSettings;
  /** In the order of their names. */
  hosts: Host[];
  readonly hostNamed: Map<string, Host>;
  /** Grows when a host comes, goes or is other than it was; leases do not count. */
  hostsVersion: number;
  /** Hosts that gained something free, one after another. */
  readonly gained: Host[];
  readonly shapes: Map<string, Shape>;
  readonly queue: Queue;
  /** By run. */
  readonly held: Map<string, Held>;
  /** The run that holds a GPU. */
  readonly gpuHolders: Map<string, string>;
  /** Hosts that report the same GPU, as two engines of one machine do; by GPU, where there are several. */
  sharedGpus: Map<string, Host[]>;
  readonly accounts: Map<string, Account>;
  readonly projects: Map<string, Amounts>;
  readonly owners: Map<string, Amounts>;
  /** Preemptible leases whose runs were not asked to give way yet: how many of each priority. */
  readonly victims: Map<number, number>;
  reservations: Reservation[];
  /** By run. */
  readonly holds: Map<string, Hold>;
}

/** What is held by leases. */
export interface Amounts {
  runs: number;
  /** Thousandths. */
  cpus: number;
  gpus: number;
}

export function createPool(state: PoolState): Pool {
  const { name, settings, hosts, queue, held, accounts, reservations, holds } = readState(state);
  const pool: Pool = {
    name,
    settings,
    hosts: hosts.map((entry) => createHost(entry, settings.cpuOvercommit)),
    hostNamed: new Map(),
    hostsVersion: 0,
    gained: [],
    shapes: new Map(),
    queue: { entries: new Map(), classes: new Map() },
    held: new Map(),
    gpuHolders: new Map(),
    sharedGpus: new Map(),
    accounts: new Map(Object.entries(accounts)),
    projects: new Map(),
    owners: new Map(),
    victims: new Map(),
    reservations,
    holds: new Map(holds.map((each) => [each.runId, each])),
  };
  for (const host of pool.hosts) pool.hostNamed.set(host.name, host);
  for (const lease of held) hold(pool, lease);
  hostsChanged(pool);
  for (const waiting of queue) addToQueue(pool.queue, waiting, shapeOf(pool, waiting.request));
  return pool;
}

export function dataOf(pool: Pool): PoolData {
  const data: PoolData = {
    version: 1,
    name: pool.name,
    settings: pool.settings,
    hosts: pool.hosts.map(({ facts, intent, gone }) => ({ facts, intent, gone })),
    queue: [...pool.queue.entries.values()].map(({ waiting }) => waiting),
    held: [...pool.held.values()],
    accounts: Object.fromEntries(pool.accounts),
    reservations: pool.reservations,
    holds: [...pool.holds.values()],
  };
  return JSON.parse(JSON.stringify(data)) as PoolData;
}

/** Puts hosts in order and makes void what was known of them as a whole. */
export function hostsChanged(pool: Pool): void {
  pool.hosts.sort((one, other) => before(one.name, other.name));
  pool.hostsVersion += 1;
  pool.sharedGpus = sharedGpus(pool.hosts);
  for (const host of pool.hosts) {
    refreshGpus(pool, host);
    host.version += 1;
  }
}

/** A lease takes its place. */
export function hold(pool: Pool, held: Held): void {
  pool.held.set(held.lease.runId, held);
  for (const node of held.lease.nodes) account(pool, held, node, 1);
  count(pool, held, 1);
}

/** A lease leaves it. */
export function letGo(pool: Pool, held: Held): void {
  pool.held.delete(held.lease.runId);
  for (const node of held.lease.nodes) account(pool, held, node, -1);
  count(pool, held, -1);
}

/** What is other about a lease than before, in place. */
export function changeHeld(pool: Pool, held: Held, change: Partial<Pick<Held, 'request' | 'told'>>): void {
  if (isVictim(held)) countVictim(pool, held.request.priority, -1);
  Object.assign(held, change);
  if (isVictim(held)) countVictim(pool, held.request.priority, 1);
  for (const { host } of held.lease.nodes) {
    const touched = pool.hostNamed.get(host);
    if (touched) touched.version += 1;
  }
}

/** The shape of a request, with its hosts and candidates as of now. */
export function shapeOf(pool: Pool, request: LeaseRequest): Shape {
  const key = shapeKey(request);
  let shape = pool.shapes.get(key);
  if (!shape) {
    shape = createShape(key, request);
    pool.shapes.set(key, shape);
  }
  return refreshed(pool, shape);
}

/** Brings what is known of a shape up to now: only hosts that gained since are looked at. */
export function refreshed(pool: Pool, shape: Shape): Shape {
  const { gained } = pool;
  if (shape.openOf !== pool.hostsVersion) {
    Object.assign(shape, openHosts(shape, pool.hosts), { openOf: pool.hostsVersion, seen: gained.length });
    shape.candidates = new Set([...shape.open].filter((host) => freeNodes(host, shape) > 0));
    return shape;
  }
  for (; shape.seen < gained.length; shape.seen += 1) {
    const host = gained[shape.seen]!;
    if (shape.open.has(host) && freeNodes(host, shape) > 0) shape.candidates.add(host);
  }
  return shape;
}

function account(pool: Pool, held: Held, node: LeaseNode, sign: 1 | -1): void {
  const { runId } = held.lease;
  for (const id of node.gpuIds) {
    if (sign === 1) pool.gpuHolders.set(id, runId);
    else pool.gpuHolders.delete(id);
  }
  const host = pool.hostNamed.get(node.host);
  if (!host) return;
  host.usedCpus += sign * thousandths(node.cpus);
  host.usedMemory += sign * node.memoryBytes;
  if (sign === 1) host.held.set(runId, held);
  else host.held.delete(runId);
  for (const touched of new Set([host, ...node.gpuIds.flatMap((id) => pool.sharedGpus.get(id) ?? [])])) {
    if (node.gpuIds.length > 0) refreshGpus(pool, touched);
    touched.version += 1;
    if (sign === -1) gain(pool, touched);
  }
}

/** Notes that something became free; forgets old notes once no shape can still need them. */
function gain(pool: Pool, host: Host): void {
  pool.gained.push(host);
  if (pool.gained.length < 50_000) return;
  pool.gained.length = 0;
  pool.hostsVersion += 1;
}

const isVictim = ({ request, told }: Held): boolean => request.preemptible && told === null;

function countVictim(pool: Pool, priority: number, sign: 1 | -1): void {
  const left = (pool.victims.get(priority) ?? 0) + sign;
  if (left === 0) pool.victims.delete(priority);
  else pool.victims.set(priority, left);
}

function sharedGpus(hosts: readonly Host[]): Map<string, Host[]> {
  const byGpu = new Map<string, Host[]>();
  for (const host of hosts) for (const { id } of host.facts.gpus) byGpu.set(id, [...(byGpu.get(id) ?? []), host]);
  return new Map([...byGpu].filter(([, sharing]) => sharing.length > 1));
}

function refreshGpus(pool: Pool, host: Host): void {
  host.freeGpus = [...host.usable.values()].filter(({ id }) => !pool.gpuHolders.has(id));
}

function count(pool: Pool, held: Held, sign: 1 | -1): void {
  const { request, lease } = held;
  if (isVictim(held)) countVictim(pool, request.priority, sign);
  const nodes = lease.nodes.length;
  for (const [amounts, name] of [
    [pool.projects, request.project],
    [pool.owners, request.owner],
  ] as const) {
    const before = amounts.get(name) ?? { runs: 0, cpus: 0, gpus: 0 };
    const after = {
      runs: before.runs + sign,
      cpus: before.cpus + sign * nodes * thousandths(request.cpus),
      gpus: before.gpus + sign * nodes * request.gpus,
    };
    if (after.runs === 0) amounts.delete(name);
    else amounts.set(name, after);
  }
}
