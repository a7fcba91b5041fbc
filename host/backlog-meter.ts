import type { LogRecord } from '../docker/engine';

/** A rate is measured over no less than this of the log's own time, so that two lines in one microsecond are no flood. */
const LEAST_SPAN_MS = 20;
/** After this much of the log's time a measurement begins anew. */
const LONGEST_SPAN_MS = 100;

/** No engine writes the log of one container faster: it is one thread of it that makes JSON of each record. 512 MiB/s. */
const FASTEST_BYTES_PER_MS = 524_288;

/** No engine has written so much of a log in less time, in milliseconds. */
export function leastMsToWrite(bytes: number): number {
  return bytes / FASTEST_BYTES_PER_MS;
}

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
  /** What was passed so far, in bytes of the engine's log; each record once. */
  passedBytes(): number;
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
  const state: State = { passedBytes: 0, spanBytes: 0, spanStartMs: 0, rateBefore: 0, lastTime: '', lastMs: 0 };
  let beginMs = 0;
  return {
    begin: () => {
      beginMs = now();
    },
    pass: (records) => pass(state, records),
    unreadBytes: (agoMs = 0) => rateOf(state) * Math.max(0, now() - agoMs - Math.max(state.lastMs, beginMs)),
    passedBytes: () => state.passedBytes,
    hasPassed: (agoMs) => state.lastMs > now() - agoMs,
    bytesIn: (ms) => rateOf(state) * ms,
  };
}

interface State {
  passedBytes: number;
  spanBytes: number;
  spanStartMs: number;
  /** Rate of the span before, which counts until a new one is long enough to be believed. */
  rateBefore: number;
  lastTime: string;
  lastMs: number;
}

function pass(state: State, records: readonly LogRecord[]): void {
  const newest = records.at(-1);
  // What is read again after an interruption was counted already.
  if (newest === undefined || newest.time <= state.lastTime) return;
  const bytes = engineBytes(records.filter(({ time }) => time > state.lastTime));
  if (state.lastMs === 0) state.spanStartMs = Date.parse(records[0]!.time);
  state.lastTime = newest.time;
  state.lastMs = Date.parse(newest.time);
  state.passedBytes += bytes;
  state.spanBytes += bytes;
  const spanMs = state.lastMs - state.spanStartMs;
  if (spanMs <= LONGEST_SPAN_MS) return;
  state.rateBefore = state.spanBytes / spanMs;
  state.spanStartMs = state.lastMs;
  state.spanBytes = 0;
}

/** Bytes in a millisecond. */
function rateOf({ lastMs, spanStartMs, spanBytes, rateBefore }: State): number {
  const spanMs = lastMs - spanStartMs;
  const rateNow = spanBytes / Math.max(LEAST_SPAN_MS, spanMs);
  return spanMs < LEAST_SPAN_MS ? Math.max(rateBefore, rateNow) : rateNow;
}

/** What json-file writes around a short line: keys, quotes, stream and time. */
export const RECORD_OVERHEAD_BYTES = 80;

/** About what records take in the engine's log, in bytes. */
export function engineBytes(records: readonly LogRecord[]): number {
  return records.reduce((sum, { data }) => sum + data.length + RECORD_OVERHEAD_BYTES, 0);
}

/** In JSON a byte of a text becomes no more than six: `\u001b` of a control character, or `\ufffd` of one that is no UTF-8. */
const MOST_JSON_BYTES = 6;

/** The most that records can take in the engine's log, in bytes. */
export function mostEngineBytes(records: readonly LogRecord[]): number {
  return records.reduce((sum, { data }) => sum + MOST_JSON_BYTES * data.length + RECORD_OVERHEAD_BYTES, 0);
}
