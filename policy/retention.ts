import { parseRetention } from '../contract/units';

/** What is known of a stored log. */
export interface LogFacts {
  runId: string;
  /** Bytes on disk. */
  bytes: number;
  /** When its run ended, and the gang that it is a node of; null while one of them lives, and where nobody knows of an end. */
  endedAtMs: number | null;
  /** What the run's own spec says: a duration or `forever`; null: nothing. */
  retention: string | null;
}

export interface RetentionRules {
  /** For runs that say nothing themselves: a duration or `forever`. */
  retention: string;
  /** Bytes of all logs together; 0: no limit. */
  maxTotalBytes: number;
}

export interface LogRemoval {
  runId: string;
  bytes: number;
  because: 'age' | 'size';
}

export interface RetentionPlan {
  /** Those whose runs ended first come first. */
  removals: LogRemoval[];
  /** Bytes that stay over the limit, as nothing more may be removed; 0 where there is none. */
  overBytes: number;
}

/**
 * Which logs are removed now: those that have been kept for as long as they had to be, and then, while all that are left are
 * larger together than the limit, the logs of the runs that ended first.
 *
 * The log of a run that has not ended, for all that is known, is never removed. A run that says itself how long its log is
 * kept is taken at its word: the limit does not touch it before.
 */
export function planRetention(logs: readonly LogFacts[], rules: RetentionRules, nowMs: number): RetentionPlan {
  const ended = logs.filter(hasEnded).toSorted(byEnd);
  const aged = ended.filter((log) => isOver(log, rules, nowMs));
  const left = totalBytes(logs) - totalBytes(aged);
  let overBytes = rules.maxTotalBytes === 0 ? 0 : Math.max(0, left - rules.maxTotalBytes);

  const crowded: EndedLog[] = [];
  for (const log of ended) {
    if (overBytes === 0) break;
    if (log.retention !== null || isOver(log, rules, nowMs)) continue;
    crowded.push(log);
    overBytes = Math.max(0, overBytes - log.bytes);
  }
  return { removals: [...removalsOf(aged, 'age'), ...removalsOf(crowded, 'size')], overBytes };
}

interface EndedLog extends LogFacts {
  endedAtMs: number;
}

function hasEnded(log: LogFacts): log is EndedLog {
  return log.endedAtMs !== null;
}

function isOver({ endedAtMs, retention }: EndedLog, rules: RetentionRules, nowMs: number): boolean {
  return nowMs - endedAtMs >= parseRetention(retention ?? rules.retention);
}

/** The id decides between two that ended at once, so that the same logs give the same plan. */
function byEnd(one: EndedLog, other: EndedLog): number {
  return one.endedAtMs - other.endedAtMs || (one.runId < other.runId ? -1 : 1);
}

function totalBytes(logs: readonly LogFacts[]): number {
  return logs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function removalsOf(logs: readonly LogFacts[], because: LogRemoval['because']): LogRemoval[] {
  return logs.map(({ runId, bytes }) => ({ runId, bytes, because }));
}
