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

/** What was of an attempt before the file that begins with it. */
export interface Continuation {
  lines: number;
  /** Largest time of these lines; empty where there are none. */
  newest: string;
  /** True where the attempt's seal was before, too. */
  sealed: boolean;
}

const CONTINUATION = /^continued: (\d+) lines before(?:, newest (\S+?))?(, sealed)?$/;

/**
 * First lines of each live file but a run's first, one for each attempt that has any line before and one for the attempt
 * that is being written: what a writer must know of earlier files is in them.
 */
export function formatContinuation({ lines, newest, sealed }: Continuation): string {
  return `continued: ${lines} lines before${newest === '' ? '' : `, newest ${newest}`}${sealed ? ', sealed' : ''}`;
}

export function parseContinuation(text: string): Continuation | undefined {
  const match = CONTINUATION.exec(text);
  if (match === null) return undefined;
  return { lines: Number(match[1]), newest: match[2] ?? '', sealed: match[3] !== undefined };
}
