import { counted } from '../../contract/counted';
import type { LeaseRequest } from '../../contract/pool';
import { formatSize } from '../../contract/units';
import { before, type Host } from './host';
import type { Pool } from './pool';
import { fullNodes, isReachable, isWanted, mayHold, type Shape } from './shape';
import { gpusText, hostText } from './words';

/**
 * Why no host of the pool could ever hold a request, with the field at fault and the largest that it could have; null where
 * one could, or several together could hold a gang, and where the pool has heard of no host yet. What hosts have in full
 * counts, also of those that are cordoned or silent.
 */
export function whyNever(pool: Pool, shape: Shape, request: LeaseRequest): string | null {
  // Those that are open could hold all of it together.
  if (!pool.isTold || pool.hosts.length === 0 || shape.open.size > 0) return null;
  if (shape.neverOf !== pool.hostsVersion) {
    Object.assign(shape, { never: findWhy(pool, shape, request), neverOf: pool.hostsVersion });
  }
  return shape.never;
}

function findWhy(pool: Pool, shape: Shape, request: LeaseRequest): string | null {
  // Of a host whose engine has not answered since its worker started nobody knows what it has.
  if (pool.hosts.some(({ facts }) => facts.cpus === 0)) return null;
  const named = pool.hosts.filter((host) => mayHold(host, request));
  if (named.length === 0) return nobodyNamed(pool, request);
  const onOne = Math.max(...named.map((host) => fullNodes(host, shape)));
  const together = sumOf(named.filter(isReachable), shape);
  if (onOne >= request.nodes || together >= request.nodes) return null;
  if (onOne > 0) {
    const most = Math.max(onOne, together);
    const reach = sumOf(named, shape) > most ? `; only hosts with an address (host.address) share a gang` : '';
    return `nodes: ${request.nodes} is more than pool ${pool.name} could ever hold of such nodes, which is ${most}${reach}`;
  }
  return `${tooMuch(named, request)}; ${largest(named, request)}`;
}

const sumOf = (hosts: readonly Host[], shape: Shape): number =>
  hosts.reduce((sum, host) => sum + fullNodes(host, shape), 0);

function nobodyNamed(pool: Pool, { host, hostLabels }: LeaseRequest): string {
  const names = pool.hosts.map(({ name }) => name).join(', ');
  if (host !== null && !pool.hostNamed.has(host)) {
    return `placement.host: pool ${pool.name} has no host ${host}; it has ${names}`;
  }
  const labels = Object.entries(hostLabels).map(([label, value]) => `${label}=${value}`);
  const where = host === null ? `no host of pool ${pool.name} has` : `host ${host} does not have`;
  return `placement.labels: ${where} ${labels.join(', ')}; hosts of the pool: ${names}`;
}

/** Names the field that no host can meet, or all of them where each is met by some host and none meets all. */
function tooMuch(hosts: readonly Host[], request: LeaseRequest): string {
  const { cpus, memoryBytes, gpus, gpuModel, gpuMemoryBytes } = request;
  const wanted = (host: Host, wish: LeaseRequest): number =>
    host.facts.gpus.filter((gpu) => isWanted(gpu, wish)).length;
  const most = (amount: (host: Host) => number): number => Math.max(...hosts.map(amount));
  if (gpus > 0 && gpuModel !== null && most((host) => wanted(host, { ...request, gpuMemoryBytes: 0 })) === 0) {
    return `resources.gpuModel: no host of the pool has a GPU of ${gpuModel}`;
  }
  if (gpus > 0 && gpuMemoryBytes > 0 && most((host) => wanted(host, request)) === 0) {
    return `resources.gpuMemory: no host of the pool has a GPU with ${formatSize(gpuMemoryBytes)}`;
  }
  if (gpus > most((host) => wanted(host, request))) return `resources.gpus: no host has ${gpusText(gpus, request)}`;
  if (cpus * 1_000 > most((host) => host.cpus)) return `resources.cpus: no host has ${counted(cpus, 'CPU')}`;
  if (memoryBytes > most((host) => host.memory)) return `resources.memory: no host has ${formatSize(memoryBytes)}`;
  return 'resources: no host has all of what is asked for at once';
}

function largest(hosts: readonly Host[], request: LeaseRequest): string {
  const gpus = ({ facts }: Host): number =>
    facts.gpus.filter((gpu) => request.gpus > 0 && isWanted(gpu, request)).length;
  const [host] = hosts.toSorted(
    (one, other) =>
      gpus(other) - gpus(one) || other.cpus - one.cpus || other.memory - one.memory || before(one.name, other.name),
  );
  return `the largest host, ${host!.name}, has ${hostText(host!)}`;
}
