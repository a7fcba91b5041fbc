import type { Gpu } from '../../contract/gpu';
import type { LeaseRequest } from '../../contract/pool';
import { isExpected, isReady, takesProcesses, thousandths, type Host } from './host';
import type { Held } from './state';

/**
 * All that decides where a request can be held: requests that are alike share one, so that what was found for one of them
 * holds for all, and a shape that fits nowhere is looked at again only where something became free.
 */
export interface Shape {
  readonly key: string;
  readonly nodes: number;
  /** Of each node, in thousandths. */
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: number;
  readonly request: LeaseRequest;
  /** Hosts that may take it, by what they are and not by what is free, in the order of the pool. */
  open: ReadonlySet<Host>;
  /** The same, to go over quickly. */
  openList: readonly Host[];
  /** Why no host is open; null where one is. */
  closed: 'no-host' | 'avoided' | null;
  /** Whether it would run as local processes on the open hosts. */
  asProcess: boolean;
  /** Why no host could ever hold it; null where one could. */
  never: string | null;
  /** Version of the pool's hosts that `never` is of. */
  neverOf: number;
  /** Version of the pool's hosts that `open` is of. */
  openOf: number;
  /** Open hosts on which a node fits, with the rank of each. */
  candidates: Map<Host, number>;
  /** The same by rank; the smaller the rank, the better. */
  ranks: Map<number, Set<Host>>;
  /** See {@link fullNodes}; by make of the host. */
  readonly fulls: Map<string, number>;
  /** Models of GPUs that are known to be, or not to be, of the one that is asked for. */
  readonly models: Map<string, boolean>;
  /** See `timesIn` in policy/pool/earliest. */
  times: TimeTable | null;
  /** See `earliestPlace` in policy/pool/plan; as of a version of the pool. */
  place: { version: number; found: Place | null };
  /** See policy/pool/offers; by priority. */
  offers: Map<number, OfferTable>;
  /** Place in the pool's list of changes up to which `candidates` is true. */
  seen: number;
}

/** When the first, the second, … node fits on each host, a row for each host; infinite where it never does. */
export interface TimeTable {
  rows: Float64Array;
  /** Changes that it knows of. */
  seen: number;
}

/** Where nodes fit, and from when on. */
export interface Place {
  atMs: number;
  /** Nodes on each host. */
  places: ReadonlyMap<Host, number>;
}

/** Nodes of a shape that a host could take if runs of lower priority left it. */
export interface Offer {
  host: Host;
  nodes: number;
  victims: readonly Held[];
  /** Victims for each node. */
  price: number;
}

/** What all hosts offer to a shape of one priority. */
export interface OfferTable {
  byHost: Map<Host, Offer>;
  /** Of all hosts together. */
  nodes: number;
  /** In order of price; null where somebody has to sort them. */
  sorted: readonly Offer[] | null;
  /** Changes that it knows of. */
  seen: number;
}

export function shapeKey(request: LeaseRequest): string {
  const { nodes, cpus, memoryBytes, gpus, gpuModel, gpuMemoryBytes, host, hostLabels, avoid, hasCommand } = request;
  const labels = Object.entries(hostLabels).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([
    nodes,
    thousandths(cpus),
    memoryBytes,
    gpus,
    gpuModel?.toLowerCase() ?? null,
    gpuMemoryBytes,
    host,
    labels,
    avoid.toSorted(),
    hasCommand,
  ]);
}

export function createShape(key: string, request: LeaseRequest): Shape {
  return {
    key,
    nodes: request.nodes,
    cpus: thousandths(request.cpus),
    memory: request.memoryBytes,
    gpus: request.gpus,
    request,
    open: new Set(),
    openList: [],
    closed: null,
    asProcess: false,
    never: null,
    neverOf: -1,
    openOf: -1,
    candidates: new Map(),
    ranks: new Map(),
    fulls: new Map(),
    models: new Map(),
    times: null,
    place: { version: -1, found: null },
    offers: new Map(),
    seen: 0,
  };
}

/**
 * Which hosts may take a shape. First those whose engine answers and that the run need not avoid; those that it is to avoid
 * only where no other could ever hold it, one that is silent for a moment included; local processes only where no engine
 * could. A host that is cordoned, drained, lost or refuses runs is not waited for.
 */
export function openHosts(shape: Shape, hosts: readonly Host[]): Pick<Shape, 'open' | 'closed' | 'asProcess'> {
  const able = hosts.filter((host) => mayHold(host, shape.request) && mayHaveNodes(host, shape));
  const enough = (some: readonly Host[]): boolean =>
    some.reduce((sum, host) => sum + fullNodes(host, shape), 0) >= shape.nodes;
  const ready = able.filter(isReady);
  const isAvoided = ({ name }: Host): boolean => shape.request.avoid.includes(name);
  const others = ready.filter((host) => !isAvoided(host));
  if (enough(others)) return { open: new Set(others), closed: null, asProcess: false };
  if (enough(able.filter((host) => !isAvoided(host) && (isReady(host) || isExpected(host))))) {
    return { open: new Set(), closed: enough(ready) ? 'avoided' : 'no-host', asProcess: false };
  }
  if (enough(ready)) return { open: new Set(ready), closed: null, asProcess: false };
  // Local processes have no network of their own to find each other on.
  const processes = shape.request.hasCommand && shape.nodes === 1 ? able.filter(takesProcesses) : [];
  const elsewhere = processes.filter((host) => !isAvoided(host));
  if (enough(elsewhere)) return { open: new Set(elsewhere), closed: null, asProcess: true };
  if (enough(processes)) return { open: new Set(processes), closed: null, asProcess: true };
  return { open: new Set(), closed: 'no-host', asProcess: false };
}

/** Whether host and labels are those that the request asks for. */
export function mayHold({ facts }: Host, { host, hostLabels }: LeaseRequest): boolean {
  if (host !== null && facts.name !== host) return false;
  return Object.entries(hostLabels).every(
    ([label, value]) => Object.hasOwn(facts.labels, label) && facts.labels[label] === value,
  );
}

/** Whether a GPU is one of those that are asked for. */
export function isWanted(gpu: Gpu, { gpuModel, gpuMemoryBytes }: LeaseRequest): boolean {
  return gpu.memoryBytes >= gpuMemoryBytes && isNamed(gpu.model, gpuModel);
}

/** Whether the name of a model is, or contains, the one that is asked for. */
export const isNamed = (name: string, model: string | null): boolean =>
  model === null || name.toLowerCase().includes(model.toLowerCase());

/** {@link isWanted} for a shape, which remembers models. */
export function isWantedBy({ model, memoryBytes }: Gpu, shape: Shape): boolean {
  if (memoryBytes < shape.request.gpuMemoryBytes) return false;
  if (shape.request.gpuModel === null) return true;
  let is = shape.models.get(model);
  if (is === undefined) {
    is = isNamed(model, shape.request.gpuModel);
    shape.models.set(model, is);
  }
  return is;
}

/** Whether others reach it, as the nodes of a gang on several hosts must. */
export const isReachable = ({ facts }: Host): boolean => facts.address !== null;

/** Whether an empty host could hold all of a shape, or a part of it that the rest can reach. */
function mayHaveNodes(host: Host, shape: Shape): boolean {
  const nodes = fullNodes(host, shape);
  return nodes > 0 && (nodes >= shape.nodes || isReachable(host));
}

/** Nodes of a shape that an empty host could hold, GPUs in trouble included. */
export function fullNodes(host: Host, shape: Shape): number {
  let nodes = shape.fulls.get(host.make);
  if (nodes === undefined) {
    nodes = nodesIn(shape, host.cpus, host.memory, wantedOf(host.facts.gpus, shape));
    shape.fulls.set(host.make, nodes);
  }
  return nodes;
}

/** Nodes of a shape that fit into what is free on a host. */
export function freeNodes(host: Host, shape: Shape): number {
  const cpus = host.cpus - host.usedCpus;
  const memory = host.memory - host.usedMemory;
  if (cpus < shape.cpus || memory < shape.memory || host.freeGpus.length < shape.gpus) return 0;
  return nodesIn(shape, cpus, memory, freeWanted(host, shape));
}

export function nodesIn(shape: Shape, cpus: number, memory: number, gpus: number): number {
  return Math.max(
    0,
    Math.min(shape.nodes, parts(cpus, shape.cpus), parts(memory, shape.memory), parts(gpus, shape.gpus)),
  );
}

const parts = (whole: number, part: number): number => (part === 0 ? Infinity : Math.floor(whole / part));

export const freeWanted = (host: Host, shape: Shape): number => wantedOf(host.freeGpus, shape);

/** How many of some GPUs are of those that are asked for. */
export function wantedOf(gpus: readonly Gpu[], shape: Shape): number {
  if (shape.gpus === 0) return 0;
  const { gpuModel, gpuMemoryBytes } = shape.request;
  if (gpuModel === null && gpuMemoryBytes === 0) return gpus.length;
  let count = 0;
  for (const gpu of gpus) if (isWantedBy(gpu, shape)) count += 1;
  return count;
}
