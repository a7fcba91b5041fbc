import type { LogRecord } from '../docker/engine';

/** A rate is measured over no less than this of the log's own time, so that two lines in one microsecond are no flood. */
const LEAST_SPAN_MS = 20;
/** After this much of the log's time a measurement begins anew. */
const LONGEST_SPAN_MS = 100;

export interface BacklogMeter {
  /** A reading begins: what the engine has by now it will give, as it holds its files open. */
  begin(): void;
  /** Takes the records of one read. */
  pass(records: readonly LogRecord[]): void;
  /**
   * What the engine has written, in bytes, that is neither passed nor held open for this reading, up to now or to a moment
   * that is some time ago. To be asked when records have just come: it takes silence for a reader that waits.
   */
  unreadBytes(agoMs?: number): number;
  /** True where a record was passed that is younger than this. */
  hasPassed(agoMs: number): boolean;
  /** What the engine writes in a time, in bytes, if it goes on as in the last records. */
  bytesIn(ms: number): number;
}

/**
 * Estimates how much an engine has in its log that was not read yet. The engine does not tell; but each record says when it
 * was written, so the records tell how fast the container prints, and how long ago.
 *
 * @param now the time by the clock of the engine, in milliseconds since 1970.
 */
export function createBacklogMeter(now: () => number): BacklogMeter {
  let spanStartMs = 0;
  let spanBytes = 0;
  let lastTime = '';
  let lastMs = 0;
  let beginMs = 0;
  /** Of the span before, which counts until a new one is long enough to be believed. */
  let rateBefore = 0;

  const rate = (): number => {
    const spanMs = lastMs - spanStartMs;
    const rateNow = spanBytes / Math.max(LEAST_SPAN_MS, spanMs);
    return spanMs < LEAST_SPAN_MS ? Math.max(rateBefore, rateNow) : rateNow;
  };

  const pass = (records: readonly LogRecord[]): void => {
    const newest = records.at(-1);
    // What is read again after an interruption was counted already.
    if (newest === undefined || newest.time <= lastTime) return;
    if (lastMs === 0) spanStartMs = Date.parse(records[0]!.time);
    lastMs = Date.parse(newest.time);
    spanBytes += engineBytes(records.filter(({ time }) => time > lastTime));
    lastTime = newest.time;
    if (lastMs - spanStartMs <= LONGEST_SPAN_MS) return;
    rateBefore = spanBytes / (lastMs - spanStartMs);
    spanStartMs = lastMs;
    spanBytes = 0;
  };

  return {
    begin: () => {
      beginMs = now();
    },
    pass,
    unreadBytes: (agoMs = 0) => rate() * Math.max(0, now() - agoMs - Math.max(lastMs, beginMs)),
    hasPassed: (agoMs) => lastMs > now() - agoMs,
    bytesIn: (ms) => rate() * ms,
  };
}

/** What json-file writes around a short line: keys, quotes, stream and time. */
export const RECORD_OVERHEAD_BYTES = 80;

/** About what records take in the engine's log, in bytes. */
export function engineBytes(records: readonly LogRecord[]): number {
  return records.reduce((sum, { data }) => sum + data.length + RECORD_OVERHEAD_BYTES, 0);
}
