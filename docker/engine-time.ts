const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** What the engine's language writes for a time that is not set. */
const ZERO = '0001-01-01T00:00:00.000000000Z';

/**
 * Writes a time of the engine in UTC with exactly nine digits of a second, so that text order is time order. Engines leave
 * trailing zeros out in some places and not in others.
 *
 * @returns undefined for a text that is no such time.
 */
export function normaliseTime(text: string): string | undefined {
  const [, seconds, fraction = '', zone] = RFC3339.exec(text) ?? [];
  if (seconds === undefined || zone === undefined) return undefined;
  return `${zone === 'Z' ? seconds : utcSeconds(seconds + zone)}.${fraction.padEnd(9, '0')}Z`;
}

/** Like {@link normaliseTime}; null for the zero time, by which an engine says never. */
export function timeOrNull(text: string): string | null {
  const time = normaliseTime(text);
  return time === undefined || time === ZERO ? null : time;
}

/**
 * A time of {@link normaliseTime} as the engine's `since` wants it: seconds, a dot, nanoseconds. It is text all the way,
 * because a number of JavaScript cannot hold the nanoseconds of our days.
 */
export function toSince(time: string): string {
  const normal = normaliseTime(time);
  if (normal === undefined) throw new RangeError(`not an RFC 3339 time: ${JSON.stringify(time)}`);
  return `${Date.parse(`${normal.slice(0, 19)}Z`) / 1000}.${normal.slice(20, 29)}`;
}

function utcSeconds(withZone: string): string {
  return new Date(withZone).toISOString().slice(0, 19);
}
