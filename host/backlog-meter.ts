import type { LogRecord } from '../docker/engine';

/** A reader whose records are no older than this is not behind. */
const CAUGHT_UP_MS = 100;

export interface BacklogMeter {
  /** Takes the records of one read; true once more than the limit was read without catching up. */
  isBehind(records: readonly LogRecord[]): boolean;
}

/**
 * Tells when a reader that follows a log has fallen behind it by so much that the engine may rotate files away before
 * their turn. A follower of Docker Engine then goes on with the newest file and tells its client nothing
 * (moby/moby, daemon/logger/loggerutils/follow.go, "file rotations were missed"); a reading without follow opens all files
 * first and loses none.
 *
 * Age is measured against the youngest record seen, so that an engine with another clock does not always look behind.
 */
export function createBacklogMeter(limitBytes: number, now: () => number = Date.now): BacklogMeter {
  let bytes = 0;
  let leastAgeMs = Number.POSITIVE_INFINITY;

  const isBehind = (records: readonly LogRecord[]): boolean => {
    const newest = records.at(-1);
    if (newest === undefined) return false;
    const ageMs = now() - Date.parse(newest.time);
    leastAgeMs = Math.min(leastAgeMs, ageMs);
    if (ageMs - leastAgeMs <= CAUGHT_UP_MS) bytes = 0;
    else bytes += records.reduce((sum, { data }) => sum + data.length + RECORD_OVERHEAD_BYTES, 0);
    return bytes > limitBytes;
  };

  return { isBehind };
}

/** What json-file writes around a short line: keys, quotes, stream and time. */
const RECORD_OVERHEAD_BYTES = 80;
