import type { Gpu } from '../../../contract/gpu';
import type { ClaimInput, LeaseRequest, PoolHostFacts } from '../../../contract/pool';
import { createPoolCore, type PoolCore } from '../../../policy/pool/core';

/** Pools, hosts and claims as tests make them. */

export const NOW = Date.parse('2026-01-01T12:00:00.000Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const GIB = 1024 ** 3;

export function gpu(id: string, facts: Partial<Gpu> = {}): Gpu {
  const known = {
    index: 0,
    model: 'NVIDIA H100 80GB HBM3',
    memoryBytes: 80 * GIB,
    mig: false,
    trouble: null,
    detail: null,
  };
  return { id, ...known, ...facts };
}

/** GPUs of one host: `GPU-a-0`, `GPU-a-1`, … */
export function gpusOf(name: string, count: number, facts: Partial<Gpu> = {}): Gpu[] {
  return Array.from({ length: count }, (_, index) => gpu(`GPU-${name}-${index}`, { index, ...facts }));
}

/** A host that is ready and has 8 CPUs, 64 GiB and no GPU, if not said otherwise. */
export function host(
  name: string,
  facts: Partial<Omit<PoolHostFacts, 'gpus'>> & { gpus?: number | Gpu[] } = {},
): PoolHostFacts {
  const { gpus = 0, ...more } = facts;
  return {
    name,
    cpus: 8,
    memoryBytes: 64 * GIB,
    labels: {},
    address: '10.0.0.1',
    gpus: typeof gpus === 'number' ? gpusOf(name, gpus) : gpus,
    contact: 'ok',
    refuses: null,
    processesSince: null,
    ...more,
  };
}

/** Asks for 1 CPU and 1 GiB for at most an hour, if not said otherwise. */
export function request(wish: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    project: 'default',
    owner: 'ann',
    priority: 50,
    preemptible: false,
    nodes: 1,
    cpus: 1,
    memoryBytes: GIB,
    gpus: 0,
    gpuModel: null,
    gpuMemoryBytes: 0,
    host: null,
    hostLabels: {},
    avoid: [],
    hasCommand: true,
    limitMs: HOUR,
    submittedAt: new Date(NOW).toISOString(),
    ...wish,
  };
}

export function claim(runId: string, wish: Partial<LeaseRequest> = {}, number = 1): ClaimInput {
  return { runId, claim: number, attempt: number, request: request(wish) };
}

export function poolOf(...hosts: PoolHostFacts[]): PoolCore {
  const pool = createPoolCore('default');
  pool.hostsAre(hosts, NOW);
  return pool;
}

/** Ids of the runs that one look gives leases to, in order. */
export function granted(pool: PoolCore, nowMs = NOW): string[] {
  return pool.decide(nowMs).flatMap((decision) => (decision.kind === 'grant' ? [decision.lease.runId] : []));
}

export const submitted = (minutesAgo: number): { submittedAt: string } => ({
  submittedAt: new Date(NOW - minutesAgo * MINUTE).toISOString(),
});
