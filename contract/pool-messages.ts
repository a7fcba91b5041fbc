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
import type { SettingsChange } from './settings-change';

/** Inputs of the messages of `poolWorkflow` and of its activity, and of those that it sends to runs. */

export interface PoolInput {
  name: string;
  /** State of the execution before, from continue-as-new; absent for a new pool, which first asks all runs what they hold. */
  state?: unknown;
  /** What people had told the pool before it was ended; only for one without a state. */
  kept?: unknown;
  /** Messages after which a new execution goes on, so that no history grows without end; default 1,000. */
  mostMessages?: number;
  /** See {@link WatchPoolInput.checkEveryMs}. */
  checkEveryMs?: number;
}

/** Signal `release`: the claim is over, granted or not. A second one, and one of an older claim, change nothing. */
export type ReleaseInput = ClaimIdentity;

/** Update `changeHost`. */
export interface ChangeHostInput {
  host: string;
  intent: HostIntent;
  by: string;
}

/** Update `configure`; what is absent stays. Of the two, `change` goes over the settings as they are when it is made. */
export interface ConfigureInput {
  /** Settings as they shall be, a map as a whole. */
  settings?: Partial<PoolSettings>;
  /** Entries of maps as they shall be: two changes that are made at once lose nothing of each other. */
  change?: SettingsChange;
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

/** Update `changeLimit`, for a claim that waits or is held. */
export interface ChangeLimitInput {
  runId: string;
  /** See `LeaseRequest.limitMs`. */
  limitMs: number;
}

/**
 * Signal `leaseGranted` to a run that had to wait: it asks again, and has the lease by the answer alone. Of a claim that waits and
 * came after its release it names the claim alone. A run that makes that claim no more gives it back.
 */
export interface LeaseGranted {
  lease: Lease | ClaimIdentity;
}

/** Signal `preempt` to a run that holds a lease: it ends its attempt with the grace of its policy and claims again. */
export interface PreemptRequest extends ClaimIdentity {
  /** Such as "run big-x3 of priority 90 needs its GPUs". */
  because: string;
}

/** What the query `lease` of a run answers: its newest claim, where that is not over. */
export interface LeaseStanding {
  claim: ClaimInput & PoolClaim;
  /** Null where it waits, or has not been answered. */
  lease: Lease | null;
}

/** Run on the control queue: what a run asks of its pool. */
export interface LeaseActivities {
  /** Asks the pool for a lease; called again with the same claim it says how that stands now. */
  claimLease(input: ClaimLeaseInput): Promise<ClaimAnswer>;
}

export interface PoolClaim extends ClaimIdentity {
  pool: string;
}

export type ClaimLeaseInput = ClaimInput & PoolClaim;

/** What a run tells its pool and needs no answer to; it goes with the run's next report. */
export type PoolWord =
  /** It gives its lease back, or leaves the queue. */
  | ({ kind: 'release' } & PoolClaim)
  | ({ kind: 'reprioritise'; pool: string } & ReprioritiseInput)
  | ({ kind: 'change-limit'; pool: string } & ChangeLimitInput);

/** Run on the control queue, for `poolWorkflow`. */
export interface PoolActivities {
  /**
   * Returns as soon as the hosts of the pool are not what `known` says, or a holder's workflow has ended, whichever can be told:
   * hosts need the store, holders Temporal and the pool. Heartbeats meanwhile. For a pool that knows nothing yet it returns at once, with what the runs hold or wait for.
   */
  watchPool(input: WatchPoolInput): Promise<PoolNews>;
}

export interface WatchPoolInput {
  pool: string;
  /** Of {@link PoolNews.version}; empty for a pool that knows nothing yet. */
  known: string;
  /** How often the workflows of the holders are looked for, in milliseconds; default 30,000. */
  checkEveryMs?: number;
}

export interface PoolNews {
  /** A hash of `hosts`, or of those that were known. */
  version: string;
  /** Absent where nobody can tell now: they are as they were. */
  hosts?: PoolHostFacts[];
  /** Holders whose workflow has ended, or is not known to Temporal. */
  ended: string[];
  /**
   * For a pool that knew nothing: claims of the runs that go on. Else leases by the word of runs that could not say so before, and
   * have a container on a host of the pool.
   */
  runs?: LeaseStanding[];
}
