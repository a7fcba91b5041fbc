import type { LogStore } from './log-store';

/** Whose log a copy is. */
export interface LateLogOwner {
  runId: string;
  attempt: number;
  containerId: string;
}

/**
 * Logs that came too late: whole copies of what an engine kept of containers whose run is being written by somebody else by
 * then. Each copy is a log store of its own, with one attempt of one run in it, until it has been brought into the run's log.
 */
export interface LateLogStore {
  /** The copy of a container's log, made where there is none; that it is there survives the loss of power. */
  open(owner: LateLogOwner): Promise<LogStore>;
  /** Null where there is no copy of the container's log. */
  find(containerId: string): Promise<LogStore | null>;
  /** All copies, finished or not. */
  list(): Promise<LateLogOwner[]>;
  /** Removes a copy; at no moment is there half of one. One that is gone already is no error. */
  remove(containerId: string): Promise<void>;
}
