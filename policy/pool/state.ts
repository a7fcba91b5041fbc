import {
  POOL_DEFAULTS,
  type ClaimIdentity,
  type ClaimInput,
  type HostIntent,
  type Lease,
  type LeaseRequest,
  type PoolHostFacts,
  type PoolSettings,
  type Reservation,
} from '../../contract/pool';

export type Decision =
  | { kind: 'grant'; lease: Lease }
  /** Told once for a lease; the run is asked to give way and keeps its lease until it releases it. */
  | ({ kind: 'preempt'; because: string } & ClaimIdentity);

/** Plain JSON; its shape is the core's own affair but for `version`, by which an older one is read. */
export interface PoolState {
  version: 1;
  name: string;
  [part: string]: unknown;
}

/** What {@link PoolState} holds. All that decides is here; whatever else the core keeps is an index made from it. */
export interface PoolData extends PoolState {
  settings: PoolSettings;
  /** Whether hosts were reported since the pool began: what it knows of them before is no more than what people want of some. */
  isTold: boolean;
  hosts: HostEntry[];
  queue: Waiting[];
  held: Held[];
  /** By project. */
  accounts: Record<string, Account>;
  reservations: Reservation[];
  holds: Hold[];
}

/** Room that is kept for a run that waits until those have left who were asked to give way for it. */
export interface Hold {
  runId: string;
  places: { host: string; nodes: number }[];
}

export interface HostEntry {
  facts: PoolHostFacts;
  intent: HostIntent;
  /** Whether the newest reports lack it; it stays for as long as leases are held there. */
  gone: boolean;
}

/** A claim that waits. */
export type Waiting = ClaimInput;

/** A lease that is held. */
export interface Held {
  lease: Lease;
  request: LeaseRequest;
  grantedMs: number;
  /** Share of the pool that it takes of its dominant resource, as of the grant. */
  share: number;
  /** See policy/pool/seniority. */
  passed: number | null;
  /** Set once its run was asked to give way. `for`: the run that its place is kept for; null where it is for nobody. */
  told: { for: string | null } | null;
}

/** What a project has used. */
export interface Account {
  /** Seconds of dominant share, decayed, as of `atMs`. */
  stock: number;
  atMs: number;
  /** Dominant share that its leases hold now. */
  rate: number;
}

export function emptyState(name: string): PoolData {
  return {
    version: 1,
    name,
    settings: POOL_DEFAULTS,
    isTold: false,
    hosts: [],
    queue: [],
    held: [],
    accounts: {},
    reservations: [],
    holds: [],
  };
}

/** A copy of a state that {@link PoolState} came from; a setting that it lacks has its default. */
export function readState(state: PoolState): PoolData {
  const data = JSON.parse(JSON.stringify(state)) as PoolData;
  return { ...emptyState(data.name), ...data, settings: { ...POOL_DEFAULTS, ...data.settings } };
}
