import { DEFAULT_POOL } from './names';
import type { Run } from './run';
import type { RunSubmission } from './spec';
import { DEFAULT_OWNER, DEFAULT_PRIORITY, DEFAULT_PROJECT } from './spec-capacity';

type Capacity = Pick<Run, 'pool' | 'project' | 'owner' | 'priority' | 'gpus'>;

/** Of a run whose spec says nothing of its place, and of those from before specs could. */
export const PLAIN_CAPACITY: Capacity = {
  pool: DEFAULT_POOL,
  project: DEFAULT_PROJECT,
  owner: DEFAULT_OWNER,
  priority: DEFAULT_PRIORITY,
  gpus: 0,
};

/** What lists show of the place that a run asks for. Takes specs from before there were these fields. */
export function capacityOf(
  spec: Pick<RunSubmission, 'nodes' | 'resources' | (keyof Capacity & keyof RunSubmission)>,
): Capacity {
  const { pool, project, owner, priority } = { ...PLAIN_CAPACITY, ...spec };
  return { pool, project, owner, priority, gpus: (spec.nodes ?? 1) * (spec.resources?.gpus ?? 0) };
}
