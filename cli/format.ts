import type { RunState } from '../contract/state';

/** How things are written for people. */

/** Seconds below a minute, then minutes and seconds, then hours and minutes, then days: "42 s", "3 min 5 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "just now", "5 min ago", "in 2 h": as near as a glance needs. */
export function relativeTime(instant: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(instant)) / 1000);
  const text = roughly(Math.abs(seconds));
  if (Math.abs(seconds) < 5) return 'just now';
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

function roughly(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A number with two digits behind the point at most: "0.5". */
export const rounded = (value: number): string => String(Number(value.toFixed(2)));

/** Bytes in powers of 1024: "266 MiB". */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** A bar of `width` characters that is `share` (0–1) full. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '━'.repeat(full) + '─'.repeat(width - full);
}

const COLOR_OF_STATE: Record<RunState, number> = {
  queued: 90,
  pulling: 36,
  starting: 36,
  running: 36,
  unreachable: 33,
  retrying: 33,
  stopping: 33,
  suspended: 90,
  succeeded: 32,
  failed: 31,
  cancelled: 33,
};

export function coloredState(state: RunState, colors: boolean): string {
  return color(state, COLOR_OF_STATE[state], colors);
}

export function color(text: string, code: number, colors: boolean): string {
  return colors ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** A line for each value that there is, with its label before it. */
export function labelled(rows: readonly (readonly [string, string | null])[]): string[] {
  return rows
    .filter(([, value]) => value !== null && value !== '')
    .map(([label, value]) => `${label.padEnd(10)} ${value}`);
}

/** Lines of a table: columns as wide as their widest cell, the last one free. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => visibleLength(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell)))
      .join('  ')
      .trimEnd(),
  );
}

export function visibleLength(text: string): number {
  return withoutColors(text).length;
}

export function withoutColors(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  return text.replace(/\u001b\[\d+m/g, '');
}
