import { describeValue } from '../../contract/describe-value';
import type { Fault } from '../../contract/fault';
import { DURATION_PATTERN, parseDuration } from '../../contract/units';

const DURATION = new RegExp(DURATION_PATTERN);
// A "+" that was not written as %2B in a URL arrives as a space.
const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+\- ]\d{2}:\d{2})$/;
const ISO_LENGTH = '2026-11-24T03:42:31.123Z'.length;
const SECONDS_LENGTH = '2026-11-24T03:42:31'.length;

/** Whether a moment is told by how long ago it is, so that it moves on with the clock. */
export function isRelativeMoment(text: string): boolean {
  return DURATION.test(text);
}

/**
 * A moment as people write it, in the form of times in a log: RFC 3339, to the nanosecond, or how long ago it is, such as
 * `10m`.
 *
 * @returns a fault of the field `path` where it is neither.
 */
export function readMoment(path: string, text: string, now: Date): { time: string } | { fault: Fault } {
  const time = DURATION.test(text) ? ago(text, now) : fromInstant(text);
  if (time !== undefined) return { time };
  const message = `must be a time or how long ago it is; got ${describeValue(text)}; write one such as "2026-11-24T03:42:31Z", or a duration such as "10m"`;
  return { fault: { path, message } };
}

function ago(duration: string, now: Date): string | undefined {
  const ms = now.getTime() - parseDuration(duration);
  return ms < 0 ? undefined : new Date(ms).toISOString().replace('Z', '000000Z');
}

function fromInstant(text: string): string | undefined {
  const [, date, clock, fraction = '', zone = ''] = INSTANT.exec(text) ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const ms = Date.parse(`${date}T${clock}${zone.toUpperCase().replace(' ', '+')}`);
  if (Number.isNaN(ms)) return undefined;
  const iso = new Date(ms).toISOString();
  if (iso.length !== ISO_LENGTH) return undefined;
  return `${iso.slice(0, SECONDS_LENGTH)}.${fraction.padEnd(9, '0')}Z`;
}

/** February has no 30th, which the engine's own parser would take for the 2nd of March. */
function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
