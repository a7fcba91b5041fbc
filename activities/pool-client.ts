import type { ClaimAnswer, ClaimIdentity, ClaimInput } from '../contract/pool';
import type { ChangeLimitInput, LeaseStanding, ReprioritiseInput } from '../contract/pool-messages';
import type { RunStanding } from '../policy/reconcile';

/** What runs say to their pools. */
export interface PoolClient {
  /** Starts the pool where there is none. Rejects where it does not answer soon; to ask again is harmless. */
  claim(pool: string, input: ClaimInput): Promise<ClaimAnswer>;
  /** A pool that is not there needs no telling, here and below. */
  release(pool: string, claim: ClaimIdentity): Promise<void>;
  reprioritise(pool: string, change: ReprioritiseInput): Promise<void>;
  changeLimit(pool: string, change: ChangeLimitInput): Promise<void>;
}

/** What a pool learns of the runs: from Temporal, which alone knows. All reject while Temporal is away. */
export interface RunWitness {
  /** Ids of the runs whose workflows go on. One that has just begun may be missing. */
  liveRuns(): AsyncIterable<string>;
  standingOf(runId: string): Promise<RunStanding>;
  /**
   * What a run holds or waits for, by its own word; null where there is nothing. `mute` where its workflow can answer nobody:
   * its history cannot be replayed. Rejects where it did not answer in time.
   */
  leaseOf(runId: string): Promise<LeaseStanding | null | 'mute'>;
  /** Ids of the runs that wait in the pool or hold leases of it, by its own word. */
  holdersOf(pool: string): Promise<string[]>;
}
