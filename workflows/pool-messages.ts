import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { ClaimAnswer, ClaimInput, Explanation, PoolView } from '../contract/pool';
import type {
  ChangeHostInput,
  ChangeLimitInput,
  ConfigureInput,
  ReleaseInput,
  ReprioritiseInput,
  ReserveInput,
  UnreserveInput,
} from '../contract/pool-messages';

/** Every signal, query and update of `poolWorkflow`; see docs/temporal.md. All updates answer at once. */

/** A run asks for a lease, or how the claim stands that it has made. */
export const claimUpdate = defineUpdate<ClaimAnswer, [ClaimInput]>('claim');

/** The same for several claims, with the answers in their order. */
export const claimAllUpdate = defineUpdate<ClaimAnswer[], [ClaimInput[]]>('claimAll');

/** A claim is over, granted or not. */
export const releaseSignal = defineSignal<[ReleaseInput]>('release');

/** Cordons or drains a host, or lets it take runs again. Refused with `unknown-host`. */
export const changeHostUpdate = defineUpdate<PoolView, [ChangeHostInput]>('changeHost');

/** Changes settings of the pool; what is not named stays. Refused with `bad-settings`. */
export const configureUpdate = defineUpdate<PoolView, [ConfigureInput]>('configure');

/** Keeps GPUs for a project from a time for a duration. Refused with `bad-reservation`, which says why. */
export const reserveUpdate = defineUpdate<PoolView, [ReserveInput]>('reserve');

/** Takes a reservation back. Refused with `unknown-reservation`. */
export const unreserveUpdate = defineUpdate<PoolView, [UnreserveInput]>('unreserve');

/** Gives a run that waits or holds a lease another priority; false where it does neither. */
export const reprioritiseUpdate = defineUpdate<boolean, [ReprioritiseInput]>('reprioritise');

/** Changes how long a run that waits or holds a lease may hold it, from its grant on; false where it does neither. */
export const changeLimitUpdate = defineUpdate<boolean, [ChangeLimitInput]>('changeLimit');

/** Failure types of updates that are refused. */
export const POOL_REFUSALS = [
  'bad-message',
  'unknown-host',
  'bad-settings',
  'bad-reservation',
  'unknown-reservation',
] as const;

export type PoolRefusal = (typeof POOL_REFUSALS)[number];

/** The whole pool: hosts, queue, leases, projects, reservations. */
export const poolQuery = defineQuery<PoolView>('pool');

/** Why a run waits, and what would free it; null for a run that does not wait here. */
export const explainQuery = defineQuery<Explanation | null, [string]>('explain');

/** Ids of all runs that wait or hold leases. */
export const holdersQuery = defineQuery<string[]>('holders');
