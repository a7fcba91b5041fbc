import type { PoolSettings, Reservation } from '../../contract/pool';
import type { Changes } from './changes';
import type { Host } from './host';
import type { Queue } from './queue';
import type { Shape } from './shape';
import type { Account, Held, Hold } from './state';
import type { StockTable } from './stock-table';

/** A pool at work: the state, with the indexes by which it decides quickly. They follow from the state and decide nothing. */
export interface Pool {
  readonly name: string;
  settings: PoolSettings;
  /** See `PoolData`. */
  isTold: boolean;
  /** In the order of their names. */
  hosts: Host[];
  readonly hostNamed: Map<string, Host>;
  /** Grows when a host comes, goes or is other than it was; leases do not count. */
  hostsVersion: number;
  /** Grows when a host comes or goes: their places among all are as of this. */
  roster: number;
  /** Of all hosts, as of `hostsVersion`. */
  totals: Totals;
  draining: readonly Host[];
  /** Of all GPUs, as of `hostsVersion`. */
  models: readonly string[];
  readonly changes: Changes;
  /** Grows with each change of hosts and leases. */
  version: number;
  /** Orders that were made, by which what they know is told apart. */
  orders: number;
  readonly shapes: Map<string, Shape>;
  readonly queue: Queue;
  /** By run. */
  readonly held: Map<string, Held>;
  /** In the order of their ends, where somebody has asked; see policy/pool/ends. */
  ends: Held[] | null;
  /** GPUs that are held: by how many leases. Only of a pool that was begun anew may that be more than one. */
  readonly gpuLeases: Map<string, number>;
  /** GPUs that containers hold whose runs have no lease. */
  unleasedGpus: ReadonlySet<string>;
  /** Hosts that report the same GPU, as two engines of one machine do; by GPU, where there are several. */
  sharedGpus: Map<string, Host[]>;
  readonly accounts: Map<string, Account>;
  readonly projects: Map<string, Amounts>;
  readonly owners: Map<string, Amounts>;
  /** Leases that count as of a higher priority than their own, with the submission of their runs; see policy/pool/seniority. */
  readonly aged: Map<Held, number>;
  /** Preemptible leases whose runs were not asked to give way yet: how many of each priority. */
  readonly victims: Map<number, number>;
  /** Hosts of preemptible leases and of those whose runs were asked to give way: how many of both. */
  readonly movable: Map<Host, number>;
  /** Runs that others were asked to give way for: how many have not left yet. */
  readonly awaited: Map<string, number>;
  reservations: Reservation[];
  /** See policy/pool/stock; by instant. */
  readonly stocks: Map<number, StockTable>;
  /** By run. */
  readonly holds: Map<string, Hold>;
}

export interface Totals {
  /** Thousandths. */
  cpus: number;
  memory: number;
  gpus: number;
}

/** What is held by leases. */
export interface Amounts {
  runs: number;
  /** Thousandths. */
  cpus: number;
  gpus: number;
}
