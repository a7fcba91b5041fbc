/** Sizes, durations and CPU shares as people write them in a run spec. */

export const DURATION_PATTERN = '^\\d+(\\.\\d+)?(ms|s|m|h|d)$';
export const SIZE_PATTERN = '^\\d+(\\.\\d+)?[bkmgtBKMGT]$';
export const CPU_PATTERN = '^\\d+(\\.\\d+)?m$';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** How long something is kept: a duration, or for ever. */
export const RETENTION_PATTERN = `^forever$|${DURATION_PATTERN}`;

/** Milliseconds that something is kept; infinite for `forever`. Check input with {@link RETENTION_PATTERN} first. */
export function parseRetention(text: string): number {
  return text === 'forever' ? Infinity : parseDuration(text);
}

/**
 * Milliseconds of a duration such as `30s`, `5m`, `12h`, `1d` or `500ms`.
 *
 * @throws {RangeError} on any other form; check input with {@link DURATION_PATTERN} first.
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new RangeError(`"${text}" is no duration; write one such as 30s, 5m, 12h or 1d`);
  return Math.round(Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS]);
}

/** The shortest text that {@link parseDuration} reads back as this: `90000` is `90s`, `3600000` is `1h`. */
export function writeDuration(milliseconds: number): string {
  const units = Object.entries(MILLISECONDS).toReversed();
  const [unit, length] = units.find(([, candidate]) => milliseconds > 0 && milliseconds % candidate === 0) ?? [
    's',
    1_000,
  ];
  return `${milliseconds / length}${unit}`;
}

/**
 * Bytes of a size such as `500m` or `4g`. Units are powers of 1024, as in `docker run --memory`.
 *
 * @throws {RangeError} on any other form; check input with {@link SIZE_PATTERN} first.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmgt])$/i.exec(text);
  if (!match) throw new RangeError(`"${text}" is no size; write one such as 500m or 4g`);
  return Math.round(Number(match[1]) * BYTES[match[2]!.toLowerCase() as keyof typeof BYTES]);
}

/** The largest size that a container may be given: 64t. */
export const LARGEST_SIZE = 64 * BYTES.t;

/** A whole number of MiB as {@link parseSize} reads it back: `512m`, or `2g` where it is that. */
export function writeSize(bytes: number): string {
  return bytes % BYTES.g === 0 ? `${bytes / BYTES.g}g` : `${bytes / BYTES.m}m`;
}

/** CPUs of a number (`1.5`) or of thousandths (`500m` is half a CPU). */
export function parseCpus(value: number | string): number {
  if (typeof value === 'number') return value;
  const match = /^(\d+(?:\.\d+)?)m$/.exec(value);
  if (!match) throw new RangeError(`"${value}" is no CPU share; write a number such as 2, or thousandths such as 500m`);
  return Number(match[1]) / 1000;
}

/** A duration for people: `850 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1_000).toFixed(1))} s`;
  if (milliseconds < 3_600_000) return pair(milliseconds, 60_000, 'min', 1_000, 's');
  if (milliseconds < 86_400_000) return pair(milliseconds, 3_600_000, 'h', 60_000, 'min');
  return pair(milliseconds, 86_400_000, 'd', 3_600_000, 'h');
}

/** A size for people: `512 B`, `1.5 KiB`, `4 GiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}

function pair(milliseconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(milliseconds / large);
  const rest = Math.floor((milliseconds % large) / small);
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
