import { POOL_DEFAULTS, type PoolSettings } from '../../contract/pool';
import { createPoolCore, type PoolCore } from '../../policy/pool/core';
import { createEventHeap, type EventHeap } from './event-heap';
import { createLeaseLedger, type LeaseLedger, type LedgerChecks } from './lease-ledger';
import type { Load, SimulatedRun } from './simulated-load';

/** What a simulation of a pool is made of: see bench/helpers/simulation for what happens in it. */

export interface Progress {
  readonly run: SimulatedRun;
  claim: number;
  leftMs: number;
  startedMs: number | null;
  /** Where it runs. */
  hosts: string[];
  firstStartMs: number | null;
  ended: boolean;
  /** When its submission was accepted, ISO. */
  submittedAt: string;
}

/** What happened in a simulation, for whoever measures it. */
export interface Watcher {
  /** From then on as many GPUs are held, and as many are there. */
  gpus(atMs: number, held: number, there: number): void;
  started(progress: Progress, atMs: number): void;
  /** A lease is over that was held since then. */
  released(progress: Progress, fromMs: number, atMs: number): void;
}

export interface Counters {
  grants: number;
  /** Of these in answer to a claim. */
  grantsAtOnce: number;
  preemptions: number;
  claims: number;
  /** Longest queue. */
  mostQueued: number;
  /** Most submissions that were refused at one time because the queue was full. */
  mostRefused: number;
  /** Time that the core itself took. */
  coreMs: number;
  /** Time that processors worked for it: of all that they worked for the simulation, the share that the core had of its time. */
  cpuMs: number;
  endedMs: number;
}

/** What a simulation has made sure of, and how often. It fails as soon as one of them does not hold. */
export interface Invariants extends LedgerChecks {
  /** Runs that came to their end. */
  noStarvation: number;
}

export type Event =
  | { kind: 'submit'; progress: Progress }
  | { kind: 'end' | 'leave' | 'fail'; progress: Progress; claim: number }
  | { kind: 'lost' | 'back'; host: string }
  | { kind: 'look' };

export interface Simulation {
  readonly core: PoolCore;
  readonly load: Load;
  readonly ledger: LeaseLedger;
  readonly events: EventHeap<Event>;
  readonly progress: Map<string, Progress>;
  readonly watcher: Watcher;
  readonly counters: Counters;
  readonly lost: Set<string>;
  /** Runs that hold leases on a host. */
  readonly on: Map<string, Set<Progress>>;
  /** Whose submission was refused because the queue was full, in order. */
  readonly refused: Progress[];
  readonly maxQueued: number;
  heldGpus: number;
  queued: number;
}

export function createSimulation(load: Load, watcher: Watcher, settings: Partial<PoolSettings>): Simulation {
  const core = createPoolCore('simulated');
  core.configure({ ...POOL_DEFAULTS, ...settings });
  core.hostsAre(load.hosts, 0);
  const events = createEventHeap<Event>();
  const progress = new Map(load.runs.map((run) => [run.id, notStarted(run)]));
  for (const one of progress.values()) events.add(one.run.submitMs, { kind: 'submit', progress: one });
  for (const { host, atMs, backMs } of load.losses) {
    events.add(atMs, { kind: 'lost', host });
    events.add(backMs, { kind: 'back', host });
  }
  const counters = { ...NOTHING_YET };
  const ledger = createLeaseLedger(load.hosts);
  const none = {
    lost: new Set<string>(),
    on: new Map(load.hosts.map(({ name }) => [name, new Set<Progress>()])),
    refused: [],
    maxQueued: settings.maxQueued ?? POOL_DEFAULTS.maxQueued,
    heldGpus: 0,
    queued: 0,
  };
  return { core, load, ledger, events, progress, watcher, counters, ...none };
}

const notStarted = (run: SimulatedRun): Progress => ({
  run,
  claim: 0,
  leftMs: run.lengthMs,
  startedMs: null,
  hosts: [],
  firstStartMs: null,
  ended: false,
  submittedAt: run.request.submittedAt,
});

const NOTHING_YET: Counters = {
  grants: 0,
  grantsAtOnce: 0,
  preemptions: 0,
  claims: 0,
  mostQueued: 0,
  mostRefused: 0,
  coreMs: 0,
  cpuMs: 0,
  endedMs: 0,
};
