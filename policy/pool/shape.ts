import type { Gpu } from '../../contract/gpu';
import type { LeaseRequest } from '../../contract/pool';
import { thousandths, type Host } from './host';
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
  /** Hosts that may take it, by what they are and not by what is free; in no order. */
  open: Set<Host>;
  /** Why no host is open; null where one is. */
  closed: 'no-host' | 'avoided' | null;
  /** Whether it would run as local processes on the open hosts. */
  asProcess: boolean;
  /** Whether hosts are open that it is to avoid. */
  avoidsNone: boolean;
  /** Why no host could ever hold it; null where one could. */
  never: string | null;
  /** Version of the pool's hosts that `never` is of. */
  neverOf: number;
  /** Version of the pool's hosts that `open` is of. */
  openOf: number;
  /** Roster of the pool that all this is of. */
  rosterOf: number;
  /** Open hosts on which a node fits. */
  readonly candidates: Map<Host, Candidate>;
  /** The same by rank; the smaller the rank, the better. */
  readonly ranks: Map<number, Set<Host>>;
  /** Nodes that fit on candidates, without those that no other host could complete to a gang. */
  room: number;
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

export interface Candidate {
  readonly rank: number;
  /** Nodes that fit. */
  readonly nodes: number;
  /** What it adds to the room of its shape. */
  readonly room: number;
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
    closed: null,
    asProcess: false,
    avoidsNone: false,
    never: null,
    neverOf: -1,
    openOf: -1,
    rosterOf: -1,
    candidates: new Map(),
    ranks: new Map(),
    room: 0,
    models: new Map(),
    times: null,
    place: { version: -1, found: null },
    offers: new Map(),
    seen: 0,
  };
}

/** Whether host and labels are those that the request asks for. */
export function mayHold({ facts }: Host, { host, hostLabels }: LeaseRequest): boolean {
  if (host !== null && facts.name !== host) return false;
  const labels = Object.keys(hostLabels);
  if (labels.length === 0) return true;
  return labels.every((label) => Object.hasOwn(facts.labels, label) && facts.labels[label] === hostLabels[label]);
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

/** Nodes of a shape that an empty host could hold, GPUs in trouble included. */
export function fullNodes({ cpus, memory, makes }: Host, shape: Shape): number {
  let gpus = 0;
  if (shape.gpus > 0) for (const { gpu, count } of makes) if (isWantedBy(gpu, shape)) gpus += count;
  return nodesIn(shape, cpus, memory, gpus);
}

/** Nodes of a shape that fit into what is free on a host. */
export function freeNodes(host: Host, shape: Shape): number {
  const cpus = host.cpus - host.usedCpus;
  const memory = host.memory - host.usedMemory;
  if (cpus < shape.cpus || memory < shape.memory || host.freeGpus.length < shape.gpus) return 0;
  return nodesIn(shape, cpus, memory, freeWanted(host, shape));
}

export function nodesIn(shape: Shape, cpus: number, memory: number, gpus: number): number {
  if (lacks(cpus, shape.cpus) || lacks(memory, shape.memory) || lacks(gpus, shape.gpus)) return 0;
  if (shape.nodes === 1) return 1;
  return Math.min(shape.nodes, parts(cpus, shape.cpus), parts(memory, shape.memory), parts(gpus, shape.gpus));
}

const lacks = (whole: number, part: number): boolean => part > 0 && whole < part;

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
