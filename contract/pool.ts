import type { Gpu } from './gpu';
import type { HostContainer } from './host';

/**
 * What a pool and its runs say to each other. A pool is a queue over hosts; all of it is plain JSON, so that it lives in
 * `poolWorkflow` (workflows/pool-workflow) and is decided by pure code (policy/pool).
 */

/** What an attempt asks of its pool. All amounts are for one node. */
export interface LeaseRequest {
  project: string;
  owner: string;
  /** 0–100; more goes first. */
  priority: number;
  /** True where it may be ended, and queued again, for a run of higher priority. */
  preemptible: boolean;
  /** Containers that must start together, each on a lease of its own; 1 for everything but a gang. */
  nodes: number;
  cpus: number;
  memoryBytes: number;
  gpus: number;
  /** Part of the model's name, case-insensitive; null: any. */
  gpuModel: string | null;
  /** Least memory of each GPU; 0: any. */
  gpuMemoryBytes: number;
  /** The one host that may take it; null: any. */
  host: string | null;
  /** Labels that a host must have. */
  hostLabels: Record<string, string>;
  /** Hosts that are taken only where no other of the pool could ever take it. */
  avoid: string[];
  /** False where the command is the image's own; only a run that has one can be a local process. */
  hasCommand: boolean;
  /** The longest that the attempt may hold its lease once granted, in milliseconds: its estimate for backfill. */
  limitMs: number;
  /** When the run was submitted, ISO. Ageing and order count from here, also after a preemption or a retry. */
  submittedAt: string;
}

/** Identity of a claim. `claim` only grows within a run: an answer or a release for an older one is void. */
export interface ClaimIdentity {
  runId: string;
  claim: number;
}

/** The number of a run's first claim. */
export const FIRST_CLAIM = 1;

export interface ClaimInput extends ClaimIdentity {
  attempt: number;
  request: LeaseRequest;
}

/** What one node of a run may use of one host. */
export interface LeaseNode {
  host: string;
  cpus: number;
  memoryBytes: number;
  /** UUIDs; empty for a run without GPUs. */
  gpuIds: string[];
  /** See `AssignedHost.asProcess` in contract/activities. */
  asProcess?: true;
  /** Where other hosts reach it; only for the nodes of a gang on several hosts. */
  address?: string;
  engineAwaySince?: string;
}

/** Granted whole or not at all. The fencing epoch is the run's own (workflows/lease-epoch) and grows with each lease. */
export interface Lease extends ClaimIdentity {
  attempt: number;
  /** By rank; as many as were asked for. */
  nodes: LeaseNode[];
  grantedAt: string;
  /** Why now and why there, in one sentence; kept as an event of the run. */
  because: string;
}

export type ClaimAnswer =
  | { kind: 'granted'; lease: Lease }
  | { kind: 'queued'; explanation: Explanation }
  /** No host of the pool could ever hold it, whatever ends; `why` names the largest that one could. Only of a run's first claim. */
  | { kind: 'refused'; why: string };

/** Why a run waits, and what would free it. */
export interface Explanation {
  runId: string;
  /** Place in the queue, from 1. */
  place: number;
  /** Runs that wait in the same pool. */
  queued: number;
  /** What it waits for, in one sentence. */
  waitsFor: string;
  /** What would free it, in one sentence. */
  freedBy: string;
  /** When it should start if every run before it takes as long as it may, ISO; null where nobody can say. */
  estimatedStart: string | null;
  /** The word behind `waitsFor`, for programs. */
  cause: WaitCause;
}

export const WAIT_CAUSES = [
  'no-host', // no host of the pool answers that could hold it
  'capacity', // hosts could hold it and are full
  'behind', // it would fit, and would delay a run before it
  'quota', // its project or owner has as much as it may have
  'reserved', // what would fit is reserved for another project
  'avoided', // only hosts that it is to avoid are free, and others are expected
] as const;

export type WaitCause = (typeof WAIT_CAUSES)[number];

/** What a host is to its pool, as of the newest reports. `intent` is what an operator wants of it. */
export const HOST_STATES = ['ready', 'cordoned', 'draining', 'unreachable', 'lost'] as const;

export type HostState = (typeof HOST_STATES)[number];

export const HOST_INTENTS = ['none', 'cordoned', 'draining'] as const;

export type HostIntent = (typeof HOST_INTENTS)[number];

/** What a pool knows of a host: what its worker reported, with what only a clock can tell already told. */
export interface PoolHostFacts {
  name: string;
  cpus: number;
  memoryBytes: number;
  labels: Record<string, string>;
  gpus: Gpu[];
  /** Where other hosts reach it; null where it takes no part in gangs on several hosts. */
  address: string | null;
  /** Whether the worker reports. `lost`: it has not for longer than the pool waits. */
  contact: 'ok' | 'unreachable' | 'lost';
  /** Null where its engine answers and it takes runs; else why not, in half a sentence such as "has a disk that is 93 % full". */
  refuses: string | null;
  /** Where its engine is away and it may run commands as local processes already: since when; null otherwise. */
  processesSince: string | null;
  /**
   * Containers on it whose runs hold no lease that their pool knows of, as of runs whose workflow was terminated; absent: none.
   * What they hold is given to nobody.
   */
  unleased?: HostContainer[];
}

/** What is the same for all of a pool; a change counts from the next decision. */
export interface PoolSettings {
  /** CPUs that are given out for each that a host has; at least 1. Memory and GPUs are never given out twice. */
  cpuOvercommit: number;
  /** Runs that may wait; beyond it a submission is answered 429. */
  maxQueued: number;
  /** One point of priority for this long in the queue, in milliseconds; 0: no ageing. */
  ageingMs: number;
  /** Whether runs of higher priority may end preemptible ones. */
  preemption: boolean;
  /**
   * What is done with runs that no engine could take while the engine of a host stays away that allows local processes
   * (`host.fallback`): `none`: they wait; `process`: they become such processes, without image and container.
   */
  fallback: 'none' | 'process';
  /** Share of each project, relative to the others; 1 where it is not named. */
  weights: Record<string, number>;
  /** Half-life of what a project has used, in milliseconds. */
  usageHalfLifeMs: number;
  projectQuotas: Record<string, Quota>;
  /** Of one owner, over all projects. `*`: of everybody who is not named. */
  ownerQuotas: Record<string, Quota>;
}

/** The most that may be held at once; absent: no limit. */
export interface Quota {
  gpus?: number;
  cpus?: number;
  runs?: number;
  /** Runs that may wait; beyond it a submission is refused. 0: nothing may be submitted. */
  queued?: number;
}

export const POOL_DEFAULTS: PoolSettings = {
  cpuOvercommit: 1,
  maxQueued: 2_000,
  ageingMs: 10 * 60_000,
  preemption: true,
  fallback: 'none',
  weights: {},
  usageHalfLifeMs: 24 * 3_600_000,
  projectQuotas: {},
  ownerQuotas: {},
};

/** GPUs of a pool that only one project is given, from a time for a duration. */
export interface Reservation {
  id: string;
  project: string;
  gpus: number;
  gpuModel: string | null;
  /** ISO. */
  from: string;
  until: string;
  /** Who made it. */
  by: string;
}

/** `unleased`: without those whose run has a lease there by now. */
export interface PoolHostView extends PoolHostFacts {
  state: HostState;
  intent: HostIntent;
  /** Given out just now, or held without a lease. */
  usedCpus: number;
  usedMemoryBytes: number;
  usedGpuIds: string[];
  /** Ids of the runs that hold leases there. */
  runs: string[];
}

export interface QueuedRunView extends Explanation {
  project: string;
  owner: string;
  priority: number;
  /** With ageing. */
  effectivePriority: number;
  submittedAt: string;
  cpus: number;
  memoryBytes: number;
  gpus: number;
  nodes: number;
}

export interface ProjectView {
  project: string;
  weight: number;
  runs: number;
  cpus: number;
  gpus: number;
  queued: number;
}

/** What the `pool` query of `poolWorkflow` answers. */
export interface PoolView {
  name: string;
  settings: PoolSettings;
  hosts: PoolHostView[];
  /** In order; at most the first {@link POOL_VIEW_QUEUE}. */
  queue: QueuedRunView[];
  queued: number;
  leases: Lease[];
  projects: ProjectView[];
  reservations: Reservation[];
}

export const POOL_VIEW_QUEUE = 500;
