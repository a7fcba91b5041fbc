/** Run on the control queue, for nobody's run. */
export interface RetentionActivities {
  /** Removes the logs of ended runs that need not be kept any longer; idempotent. */
  removeOldLogs(): Promise<RetentionReport>;
}

/** What a removal of old logs came to. */
export interface RetentionReport {
  removedForAge: number;
  removedForSize: number;
  /** Removals that were begun before, by a process that died, and are done now. */
  completed: number;
  freedBytes: number;
  /** Logs that are left, and their bytes. */
  keptLogs: number;
  keptBytes: number;
  /** Logs that could not be removed now, such as one that is being written; the next time tries again. */
  failed: number;
  /** Bytes over the limit that are left because nothing more may be removed; 0 where there is no limit. */
  overBytes: number;
}
