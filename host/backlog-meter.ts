import type { LogRecord } from '../docker/engine';
import { engineLogBytes } from './engine-log-bytes';

/** A rate is measured over no less than this of the log's own time, so that two lines in one microsecond are no flood. */
const LEAST_SPAN_MS = 20;
/** After this much of the log's time a measurement begins anew. */
const LONGEST_SPAN_MS = 100;

/** The time over which the longer rate is taken. */
const LONG_MS = 1000;

/** No engine writes the log of one container faster: it is one thread of it that makes JSON of each record. 512 MiB/s. */
const FASTEST_BYTES_PER_MS = 524_288;

/** No engine has written so much of a log in less time, in milliseconds. */
export function leastMsToWrite(bytes: number): number {
  return bytes / FASTEST_BYTES_PER_MS;
}

export interface BacklogMeter {
  /** A reading begins: what the engine has by now it will give, as it holds its files open. Returns when, by its clock. */
  begin(): number;
  /** Takes the records of one read. */
  pass(records: readonly LogRecord[]): void;
  /**
   * What the engine has written, in bytes, that is neither passed nor held open for this reading, up to now or to a moment
   * that is some time ago. To be asked when records have just come: it takes silence for a reader that waits.
   */
  unreadBytes(agoMs?: number): number;
  /**
   * The most that an engine can have written by now that is neither passed nor held open for this reading, in bytes. Where
   * the records come fast, whoever reads cannot know how fast the container printed while it looked away.
   *
   * @param heldMs for how long, between two moments, the container could print nothing.
   */
  mostUnreadBytes(heldMs: (fromMs: number, toMs: number) => number): number;
  /** The same at the rate of a longer time, which a burst does not change so soon. */
  likelyUnreadBytes(heldMs: (fromMs: number, toMs: number) => number): number;
  /** What was passed so far, in bytes of the engine's log; each record once. */
  passedBytes(): number;
  /** By how many bytes {@link BacklogMeter.passedBytes} may be too little. */
  passedDoubt(): number;
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
  const state: State = {
    passedBytes: 0,
    passedDoubt: 0,
    spanBytes: 0,
    spanStartMs: 0,
    rateBefore: 0,
    longRate: 0,
    lastTime: '',
    lastMs: 0,
  };
  let beginMs = 0;
  const printingMs = (heldMs: (fromMs: number, toMs: number) => number): number => {
    const sinceMs = Math.max(state.lastMs, beginMs);
    const nowMs = now();
    return Math.max(0, nowMs - sinceMs - heldMs(sinceMs, nowMs));
  };
  return {
    begin: () => {
      beginMs = now();
      return beginMs;
    },
    pass: (records) => pass(state, records),
    unreadBytes: (agoMs = 0) => rateOf(state) * Math.max(0, now() - agoMs - Math.max(state.lastMs, beginMs)),
    mostUnreadBytes: (heldMs) => FASTEST_BYTES_PER_MS * printingMs(heldMs),
    likelyUnreadBytes: (heldMs) => (state.longRate || rateOf(state)) * printingMs(heldMs),
    passedBytes: () => state.passedBytes,
    passedDoubt: () => state.passedDoubt,
    hasPassed: (agoMs) => state.lastMs > now() - agoMs,
    bytesIn: (ms) => rateOf(state) * ms,
  };
}

interface State {
  passedBytes: number;
  passedDoubt: number;
  spanBytes: number;
  spanStartMs: number;
  /** Rate of the span before, which counts until a new one is long enough to be believed. */
  rateBefore: number;
  /** Rate of the last spans together, the newer ones more; 0 before the end of the first. */
  longRate: number;
  lastTime: string;
  lastMs: number;
}

function pass(state: State, records: readonly LogRecord[]): void {
  const newest = records.at(-1);
  // What is read again after an interruption was counted already.
  if (newest === undefined || newest.time <= state.lastTime) return;
  const isAllNew = records[0]!.time > state.lastTime;
  const { bytes, doubt } = engineLogBytes(isAllNew ? records : records.filter(({ time }) => time > state.lastTime));
  if (state.lastMs === 0) state.spanStartMs = Date.parse(records[0]!.time);
  state.lastTime = newest.time;
  state.lastMs = Date.parse(newest.time);
  state.passedBytes += bytes;
  state.passedDoubt += doubt;
  state.spanBytes += bytes;
  const spanMs = state.lastMs - state.spanStartMs;
  if (spanMs <= LONGEST_SPAN_MS) return;
  state.rateBefore = state.spanBytes / spanMs;
  const { longRate, rateBefore } = state;
  state.longRate = longRate === 0 ? rateBefore : longRate + (rateBefore - longRate) * Math.min(1, spanMs / LONG_MS);
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
  let bytes = records.length * RECORD_OVERHEAD_BYTES;
  for (const { data } of records) bytes += data.length;
  return bytes;
}
