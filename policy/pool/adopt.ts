import type { LeaseStanding } from '../../contract/pool-messages';
import type { Held, PoolData, PoolState } from './state';

/**
 * The state of a pool with claims that one before it has accepted and that it knows nothing of. They hold what they hold,
 * and wait for what they wait for, whether or not it would be given, or accepted, today.
 *
 * @param runs what runs say of themselves.
 */
export function adoptClaims(state: PoolState, runs: readonly LeaseStanding[]): PoolState {
  const data = state as PoolData;
  const known = new Set(runs.map(({ claim }) => claim.runId));
  const adopted = runs.flatMap(({ claim: { request }, lease }): Held[] =>
    // What it takes of the project's share was counted by the pool before.
    lease === null
      ? []
      : [{ lease, request, grantedMs: Date.parse(lease.grantedAt), share: 0, passed: null, told: null }],
  );
  const waiting = runs.filter(({ lease }) => lease === null).map(({ claim }) => claim);
  const isKnown = (runId: string): boolean => known.has(runId);
  return {
    ...data,
    held: [...data.held.filter(({ lease }) => !isKnown(lease.runId)), ...adopted],
    queue: [...data.queue.filter(({ runId }) => !isKnown(runId)), ...waiting],
  } satisfies PoolData;
}

/** The newest claim of each run that waits or holds a lease. */
export function claimsIn(state: PoolState): Map<string, number> {
  const { held, queue } = state as PoolData;
  const claims = [...held.map(({ lease }) => lease), ...queue];
  return new Map(claims.map(({ runId, claim }) => [runId, claim]));
}
