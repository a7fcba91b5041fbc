import type { HostReport } from '../contract/host';
import type { EndReason } from '../contract/reason';
import type { Attempt, Run, RunEvent, RunUpdate } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import type { RunState } from '../contract/state';

export type { HostReport } from '../contract/host';

/**
 * The read model of runs: what lists, statistics and the event feed are answered from. Temporal stays the truth of what
 * happens next, so every write here is idempotent and may come late.
 */
export interface RunStore {
  /** Puts a run that Temporal has accepted into the list before its workflow reports; nothing if it is there already. */
  insertQueued(run: Run, spec: RunSpec): Promise<void>;
  /**
   * Brings a run up to date. An older revision than the stored one changes no fields, but its events are kept. Another
   * execution of the workflow goes over what was stored whatever its revision, and its events come after those before.
   */
  applyUpdate(update: RunUpdate): Promise<void>;

  /**
   * Ends a run whose workflow can report no more, with an event of its own, unless it has ended. True where it did so.
   */
  closeRun(id: string, end: RunEnd): Promise<boolean>;

  getRun(id: string): Promise<StoredRun | null>;
  /** What tells whether a run is up to date, at less cost than the run itself. */
  headOf(id: string): Promise<RunHead | null>;
  listRuns(query: RunQuery): Promise<Page<Run>>;
  /** Events of one run with a number above `after`, oldest first. */
  listEvents(runId: string, after: number, limit: number): Promise<RunEvent[]>;
  /** Events of all runs above a position of the feed, oldest first; {@link RunStore.feedEnd} is where it ends now. */
  readFeed(after: number, limit: number): Promise<FeedEvent[]>;
  feedEnd(): Promise<number>;
  stats(): Promise<RunStats>;
  /** Counts the runs of a pool that are `queued`, but for those with these ids. */
  countQueued(pool: string, except?: readonly string[]): Promise<QueuedCounts>;

  /** Reports that a host worker lives, and what its engine says. */
  reportHost(report: HostReport): Promise<void>;
  listHosts(): Promise<HostReport[]>;
  /** Forgets a host whose newest report is of this instant; false where it has reported since, or is not there. */
  removeHost(name: string, reportedAt: string): Promise<boolean>;

  close(): Promise<void>;
}

export interface RunEnd {
  reason: EndReason;
  /** Default: what the reason says by itself. */
  message?: string;
  /** Or when it was found out. */
  endedAt: string;
}

export interface RunHead {
  state: RunState;
  /** Of the newest update; -1 before the first. */
  revision: number;
  /** Which execution of its workflow told that; null where nobody has said. */
  execution: string | null;
}

export interface StoredRun {
  run: Run;
  attempts: Attempt[];
  /** Null where the submission was refused before it became a spec. */
  spec: RunSpec | null;
}

export interface RunQuery {
  state?: RunState[];
  recipe?: string;
  schedule?: string;
  /** Id of the run that they repeat. */
  rerunOf?: string;
  owner?: string;
  project?: string;
  pool?: string;
  /** Nodes of this gang; null: only runs that are nodes of none. */
  gangOf?: string | null;
  /** Every one of these labels. */
  labels?: Record<string, string>;
  /** Part of the id or the name, case-insensitive. */
  text?: string;
  /** Created at this instant or later. */
  createdAfter?: string;
  /** Created earlier than this instant. */
  createdBefore?: string;
  /** Where the page before ended; newest runs come first. */
  cursor?: string;
  /** At most this many; 1–500. */
  limit: number;
}

export interface Page<T> {
  items: T[];
  /** Null at the end. */
  next: string | null;
}

export interface FeedEvent {
  /** Position in the feed of all runs; only grows. */
  position: number;
  event: RunEvent;
}

export interface RunStats {
  total: number;
  byState: Record<RunState, number>;
  /** By end reason, of ended runs. */
  byReason: Record<string, number>;
  /** Succeeded runs over all ended ones, 0–1; null before any ended. */
  successRate: number | null;
  /** Median time from start to end of succeeded runs, of the newest 1,000; null before any. */
  medianDurationSeconds: number | null;
  /** Runs created in the last 24 hours. */
  last24Hours: number;
}

export interface QueuedCounts {
  total: number;
  /** A project or an owner without any is not among them. */
  byProject: ReadonlyMap<string, number>;
  byOwner: ReadonlyMap<string, number>;
}

/** Thrown when a cursor was not made by this store. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}
