/**
 * By how much the time of a record may be before that of one before it, in milliseconds. Two streams are copied side by side, and on an
 * engine that lacks processors one may wait between its time and its place; more than this is a clock that was set back.
 */
export const CLOCK_STEP_MS = 1000;

/** True where the clock was set back between one record, or the newest of some, and the next. */
export function isSetBack(beforeMs: number, nextMs: number): boolean {
  return nextMs < beforeMs - CLOCK_STEP_MS;
}

/** Up to where records are told, by the clock that gave the next one its time. */
export function newestMs(beforeMs: number, nextMs: number): number {
  return isSetBack(beforeMs, nextMs) ? nextMs : Math.max(beforeMs, nextMs);
}
