import type { Fault } from '../../contract/fault';
import { nearest } from '../../contract/nearest';
import type { PoolHostFacts, PoolSettings } from '../../contract/pool';
import type { RunSpec } from '../../contract/spec';
import { createPoolCore } from '../../policy/pool/core';
import { leaseRequestOf } from '../../policy/pool/lease-request';
import { ProblemError } from '../problem-error';
import type { Services } from './services';

/**
 * What keeps a run from ever having a place in its pool: that there is no such pool, or no host in it that could hold the run.
 * Where the pool has no hosts yet, or the store is away, nobody can say: then the run is told when it asks for its place.
 *
 * @throws {ProblemError} `temporal-unavailable` for a pool that no host reports.
 */
export async function capacityFaults(
  spec: RunSpec,
  { pools, logger }: Pick<Services, 'pools' | 'logger'>,
): Promise<Fault[]> {
  try {
    const hosts = await pools.hosts(spec.pool);
    if (hosts === null) return [unknownPool(spec.pool, await pools.names())];
    return hosts.length === 0 ? [] : fitFaults(spec, hosts, await pools.settings(spec.pool));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    logger.warn({ err: error }, 'whether a run has a place is not checked: the store does not answer');
    return [];
  }
}

function fitFaults(spec: RunSpec, hosts: readonly PoolHostFacts[], { cpuOvercommit }: PoolSettings): Fault[] {
  const core = createPoolCore(spec.pool);
  const nowMs = Date.now();
  core.configure({ cpuOvercommit });
  core.hostsAre(hosts, nowMs);
  const request = leaseRequestOf(spec, { submittedAt: new Date(nowMs).toISOString() });
  const answer = core.claim({ runId: spec.name, claim: 1, attempt: 1, request }, nowMs);
  return answer.kind === 'refused' ? [faultOf(answer.why)] : [];
}

/** The pool says which field is at fault before it says why. */
function faultOf(why: string): Fault {
  const [, path = '', message = why] = /^([a-z][\w.]*): (.*)$/is.exec(why) ?? [];
  return { path, message };
}

function unknownPool(pool: string, known: readonly string[]): Fault {
  const meant = nearest(pool, known);
  const help =
    meant === undefined ? `known are ${known.map((name) => `"${name}"`).join(', ')}` : `did you mean "${meant}"?`;
  return { path: 'pool', message: `there is no pool "${pool}"; ${help}` };
}
