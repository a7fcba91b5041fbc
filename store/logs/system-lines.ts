import type { Seal } from '../log-store';

/** The system lines that the store itself writes, and reads back. */

const SEAL = /^sealed: (\d+) lines, (\d+) gaps, (\d+) bad bytes$/;

export function formatSeal({ lines, gaps, badBytes }: Seal): string {
  return `sealed: ${lines} lines, ${gaps} gaps, ${badBytes} bad bytes`;
}

export function parseSeal(text: string): Seal | undefined {
  const match = SEAL.exec(text);
  if (match === null) return undefined;
  return { lines: Number(match[1]), gaps: Number(match[2]), badBytes: Number(match[3]) };
}

/** What was before the file that it opens, of the attempt that was written then. */
export interface Continuation {
  lines: number;
  /** Largest time of these lines; empty where there are none. */
  newest: string;
}

const CONTINUATION = /^continued: (\d+) lines before(?:, newest (\S+))?$/;

/** First line of each live file but a run's first; what a writer must know of earlier files is in it. */
export function formatContinuation({ lines, newest }: Continuation): string {
  return `continued: ${lines} lines before${newest === '' ? '' : `, newest ${newest}`}`;
}

export function parseContinuation(text: string): Continuation | undefined {
  const match = CONTINUATION.exec(text);
  return match === null ? undefined : { lines: Number(match[1]), newest: match[2] ?? '' };
}
