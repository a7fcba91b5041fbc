import type {
  ClaimAnswer,
  ClaimIdentity,
  ClaimInput,
  HostIntent,
  Lease,
  PoolHostFacts,
  PoolSettings,
  Reservation,
} from './pool';

/** Inputs of the messages of `poolWorkflow` and of its activity, and of those that it sends to runs. */

export interface PoolInput {
  name: string;
  /** State of the execution before, from continue-as-new; absent for a new pool. */
  state?: unknown;
}

/** Signal `release`: the claim is over, granted or not. A second one, and one of an older claim, change nothing. */
export type ReleaseInput = ClaimIdentity;

/** Update `changeHost`. */
export interface ChangeHostInput {
  host: string;
  intent: HostIntent;
  by: string;
}

/** Update `configure`; what is absent stays. */
export interface ConfigureInput {
  settings: Partial<PoolSettings>;
  by: string;
}

/** Update `reserve`. */
export type ReserveInput = Reservation;

/** Update `unreserve`. */
export interface UnreserveInput {
  id: string;
  by: string;
}

/** Update `reprioritise`, for a claim that waits or is held. */
export interface ReprioritiseInput {
  runId: string;
  priority: number;
}

/** Signal `leaseGranted` to a run that had to wait. */
export interface LeaseGranted {
  lease: Lease;
}

/** Signal `preempt` to a run that holds a lease: it ends its attempt with the grace of its policy and claims again. */
export interface PreemptRequest extends ClaimIdentity {
  /** Such as "run big-x3 of priority 90 needs its GPUs". */
  because: string;
}

/** Run on the control queue: what a run asks of its pool. */
export interface LeaseActivities {
  /** Asks the pool for a lease; called again with the same claim it says how that stands now. */
  claimLease(input: ClaimLeaseInput): Promise<ClaimAnswer>;
  /** Gives a lease back, or leaves the queue; for a claim that is over it changes nothing. */
  releaseLease(input: PoolClaim): Promise<void>;
}

export interface PoolClaim extends ClaimIdentity {
  pool: string;
}

export type ClaimLeaseInput = ClaimInput & PoolClaim;

/** Run on the control queue, for `poolWorkflow`. */
export interface PoolActivities {
  /**
   * Returns as soon as the hosts of the pool are not what `known` says, or a holder's workflow has ended; heartbeats
   * meanwhile. Looks at the holders every minute.
   */
  watchPool(input: WatchPoolInput): Promise<PoolNews>;
}

export interface WatchPoolInput {
  pool: string;
  /** Of {@link PoolNews.version}; empty for a pool that knows nothing yet. */
  known: string;
  /** Runs that hold or wait for leases. */
  holders: string[];
}

export interface PoolNews {
  /** A hash of `hosts`. */
  version: string;
  hosts: PoolHostFacts[];
  /** Holders whose workflow has ended, or is not known to Temporal. */
  ended: string[];
}
