import { DEFAULT_OWNER, DEFAULT_PRIORITY, DEFAULT_PROJECT } from '../../contract/spec-capacity';
import { DEFAULT_POOL } from '../../contract/names';
import type { LeaseRequest } from '../../contract/pool';
import type { RunSpec } from '../../contract/spec';
import { parseCpus, parseDuration, parseSize } from '../../contract/units';

/** A spec as a run may have that was admitted before there were pools. */
type AnySpec = Omit<RunSpec, NewField | 'resources'> &
  Partial<Pick<RunSpec, NewField>> & {
    resources: Omit<RunSpec['resources'], 'gpus'> & Partial<Pick<RunSpec['resources'], 'gpus'>>;
  };
type NewField = 'pool' | 'project' | 'owner' | 'priority' | 'preemptible' | 'nodes' | 'placement';

/** What a spec asks of its pool. */
export function leaseRequestOf(
  spec: AnySpec,
  { submittedAt, avoid = [] }: Pick<LeaseRequest, 'submittedAt'> & Partial<Pick<LeaseRequest, 'avoid'>>,
): LeaseRequest {
  const { resources, placement } = spec;
  return {
    project: spec.project ?? DEFAULT_PROJECT,
    owner: spec.owner ?? DEFAULT_OWNER,
    priority: spec.priority ?? DEFAULT_PRIORITY,
    preemptible: spec.preemptible ?? false,
    nodes: spec.nodes ?? 1,
    cpus: parseCpus(resources.cpus),
    memoryBytes: parseSize(resources.memory),
    gpus: resources.gpus ?? 0,
    gpuModel: resources.gpuModel ?? null,
    gpuMemoryBytes: resources.gpuMemory === undefined ? 0 : parseSize(resources.gpuMemory),
    host: placement?.host ?? null,
    hostLabels: placement?.labels ?? {},
    avoid,
    hasCommand: spec.command !== undefined,
    limitMs: parseDuration(spec.policy.timeouts.running),
    submittedAt,
  };
}

export function poolOf({ pool }: Pick<AnySpec, 'pool'>): string {
  return pool ?? DEFAULT_POOL;
}
