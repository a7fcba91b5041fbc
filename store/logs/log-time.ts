/**
 * How far times in a log may be out of their order, in milliseconds. Two streams of one program are copied side by side and
 * differ by microseconds; attempts may have run on hosts whose clocks differ by more.
 */
export const TIME_DISORDER_MS = 60_000;

const MILLISECONDS_LENGTH = '2026-11-24T03:42:31.123'.length;

/** A time of a log line, with nine digits of a second, so many milliseconds later; the same where no year could hold that. */
export function shiftLogTime(time: string, byMs: number): string {
  const shifted = new Date(Date.parse(`${time.slice(0, MILLISECONDS_LENGTH)}Z`) + byMs).toISOString().slice(0, -1);
  return shifted.length === MILLISECONDS_LENGTH ? shifted + time.slice(MILLISECONDS_LENGTH) : time;
}
