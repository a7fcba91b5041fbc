import type { Gpu } from '../../contract/gpu';
import type { LeaseNode } from '../../contract/pool';
import type { Host } from './host';
import { refreshed, restLeft } from './candidates';
import type { Pool } from './pool';
import { isReachable, isWantedBy, type Shape } from './shape';

/** What one host would give to one run. */
export interface Part {
  host: Host;
  nodes: number;
  /** Thousandths of a CPU, of all nodes together; so are the others. */
  cpus: number;
  memory: number;
  /** In the order in which they are given out. */
  gpus: readonly Gpu[];
}

/** Says whether a run may have what is free for it; asked only of what would be better than the best so far. */
export type Allows = (part: Part) => boolean;

export type Fit =
  | { kind: 'fits'; parts: Part[] }
  /** No host is open to it: `Shape.closed` says why. */
  | { kind: 'closed' }
  /** There is not enough free. */
  | { kind: 'full' }
  /** There is enough free, and it may not have it. */
  | { kind: 'kept' };

/**
 * Finds the place that leaves the biggest holes: the smallest GPUs that will do, then the host with the fewest free GPUs
 * after it, then the one whose CPUs and memory it fills most, then the first by name. A run without GPUs goes to a host
 * without any, if there is room. All of that packs: a pool that is spread evenly has room for many small runs and none for
 * one that needs a whole host.
 *
 * A gang has one host if there is room on one, and as few as possible otherwise.
 */
export function findPlace(pool: Pool, shape: Shape, allows: Allows): Fit {
  refreshed(pool, shape);
  if (shape.closed !== null) return { kind: 'closed' };
  if (shape.room < shape.nodes) return { kind: 'full' };
  const part = onOneHost(shape, allows);
  if (part) return { kind: 'fits', parts: [part] };
  if (shape.nodes === 1) return { kind: 'kept' };
  return onSeveralHosts(shape, allows);
}

export function nodesOf({ request, asProcess, gpus }: Shape, parts: readonly Part[]): LeaseNode[] {
  return parts.flatMap(({ host, nodes, gpus: given }) =>
    Array.from({ length: nodes }, (_, index) => ({
      host: host.name,
      cpus: request.cpus,
      memoryBytes: request.memoryBytes,
      gpuIds: given.slice(index * gpus, (index + 1) * gpus).map(({ id }) => id),
      ...(parts.length > 1 && host.facts.address !== null && { address: host.facts.address }),
      ...(asProcess && { asProcess: true as const, engineAwaySince: host.facts.processesSince ?? '' }),
    })),
  );
}

function onOneHost(shape: Shape, allows: Allows): Part | null {
  for (const rank of [...shape.ranks.keys()].toSorted((one, other) => one - other)) {
    const best = bestOf(shape.ranks.get(rank)!, shape, allows);
    if (best) return best;
  }
  return null;
}

/** Of hosts that waste as much and have as many GPUs free. */
function bestOf(hosts: ReadonlySet<Host>, shape: Shape, allows: Allows): Part | null {
  let best: Part | null = null;
  const empty = new Map<string, Host>();
  for (const host of hosts) {
    const alike = host.held.size === 0 ? empty.get(host.kind) : undefined;
    if ((alike && alike.name < host.name) || (best && !isBetter(host, best.host, shape))) continue;
    if (shape.nodes > 1 && shape.candidates.get(host)!.nodes < shape.nodes) continue;
    const part = partOf(host, shape, shape.nodes);
    if (!allows(part)) continue;
    best = part;
    if (host.held.size === 0) empty.set(host.kind, host);
  }
  return best;
}

/** Takes the hosts with the most room first, and for the rest the one that it fits best. */
function onSeveralHosts(shape: Shape, allows: Allows): Fit {
  const roomy = [...shape.candidates]
    .filter(([host]) => isReachable(host))
    .map(([host, { rank, nodes }]) => ({ host, rank, fitting: nodes }))
    .toSorted(
      (one, other) =>
        other.fitting - one.fitting || one.rank - other.rank || (isBetter(one.host, other.host, shape) ? -1 : 1),
    );
  const enough = roomy.reduce((sum, { fitting }) => sum + fitting, 0) >= shape.nodes;
  if (!enough) return { kind: 'full' };
  const parts: Part[] = [];
  let left = shape.nodes;
  for (const { host, fitting } of roomy) {
    if (left === 0) break;
    const part = mostAllowed(host, shape, Math.min(left, fitting), allows);
    if (part) parts.push(part);
    left -= part?.nodes ?? 0;
  }
  return left === 0 ? { kind: 'fits', parts } : { kind: 'kept' };
}

function mostAllowed(host: Host, shape: Shape, most: number, allows: Allows): Part | null {
  for (let nodes = most; nodes > 0; nodes -= 1) {
    const part = partOf(host, shape, nodes);
    if (allows(part)) return part;
  }
  return null;
}

function partOf(host: Host, shape: Shape, nodes: number): Part {
  const wanted = nodes * shape.gpus;
  const gpus = wanted === 0 ? [] : host.freeGpus.filter((gpu) => isWantedBy(gpu, shape)).slice(0, wanted);
  return { host, nodes, cpus: nodes * shape.cpus, memory: nodes * shape.memory, gpus };
}

function isBetter(one: Host, other: Host, shape: Shape): boolean {
  const more = restLeft(one, shape) - restLeft(other, shape);
  return more === 0 ? one.name < other.name : more < 0;
}
