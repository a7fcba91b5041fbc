import type { LeaseStanding } from '../../contract/pool-messages';
import type { Run } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { isEndState, type RunState } from '../../contract/state';
import { leaseRequestOf, poolOf } from './lease-request';

const WITHOUT_HOST: readonly RunState[] = ['queued', 'retrying', 'suspended'];

/**
 * What a run holds that never asked a pool, because it was begun before there were pools, or that cannot be asked: what its
 * spec wants, on the host that it shows. Null where it has no host now. GPUs cannot be told from that.
 */
export function leaseOfRun(run: Run, spec: RunSpec | null): LeaseStanding | null {
  const { id: runId, host, attempt, state, createdAt } = run;
  if (spec === null || host === null || isEndState(state) || WITHOUT_HOST.includes(state)) return null;
  const request = leaseRequestOf(spec, { submittedAt: createdAt });
  const { cpus, memoryBytes } = request;
  // Older than any claim that the run will ever make.
  const identity = { runId, claim: 0, attempt };
  const nodes = [{ host, cpus, memoryBytes, gpuIds: [] }];
  const because = 'It was there before the pool.';
  return {
    claim: { ...identity, pool: poolOf(spec), request },
    lease: { ...identity, nodes, grantedAt: createdAt, because },
  };
}
