import { textHash, type LogStream, type ResumePoint } from '../log-store';

/**
 * Where to resume reading an attempt's log from the engine, so that every line is stored once.
 *
 * Facts (Docker Engine 24 and later, json-file driver):
 * 1. The engine's log is a sequence of records, each a line or a piece of one longer than 16 KiB. Times may be out of
 *    order, as stdout and stderr are copied side by side. Pieces of a line share one time; those of one that a killed engine
 *    tore have another once it is back.
 * 2. Read with `since` = T, it starts at the first record in that sequence whose time is T or later, and passes everything
 *    after that, also records with earlier times.
 * 3. We store a line when its last piece has come. So stored lines stand in the order of their last pieces.
 *
 * A stored line A can be the anchor of a resume if the engine, asked for A's time, starts exactly at A, and then brings
 * the lines that are stored after A in the same order:
 * - A is one record: its text is shorter than a piece;
 * - no line was incomplete when A ended (`midLine` is not set). Then every record before A in the engine's log belongs to
 *   a line stored before A, and every record after A to a line that is stored after A or not yet;
 * - every line stored before A has an earlier time. Then none of their records is where the engine starts. Of a torn line only
 *   its first time is stored, so `midLine` is set as well where a later one of its records is not earlier than A.
 *
 * The newest such line makes for the least that is read again. Lines stored from A on are what comes again: `skip`.
 */
export interface TrackedLine {
  time: string;
  stream: LogStream;
  midLine?: boolean;
}

/** Size at which the engine cuts a line into pieces. */
export const PIECE_BYTES = 16_384;

export interface ResumeTracker<Line extends TrackedLine> {
  /** Takes the next stored stdout or stderr line of the attempt. */
  add(line: Line): void;
  /** Lines so far, those of {@link Start} included. */
  readonly lines: number;
  /** Largest time so far; empty before the first line. */
  readonly newest: string;
  /** The anchor; null while no line could be one. */
  readonly anchor: Line | null;
  /** Stored lines from the anchor on, the anchor included. */
  readonly skip: number;
}

/** What is known of lines before the first that is added. */
export interface Start {
  lines: number;
  newest: string;
}

/**
 * Follows the stored lines of an attempt and knows the place to resume at after each; see the top of the file.
 *
 * @param textBytes length of a line's text in UTF-8. Repair of bad bytes never shortens a text, so a short text was a
 *   short line.
 */
export function createResumeTracker<Line extends TrackedLine>(
  textBytes: (line: Line) => number,
  start: Start = { lines: 0, newest: '' },
): ResumeTracker<Line> {
  let { lines, newest } = start;
  let anchor: Line | null = null;
  let skip = 0;

  return {
    add(line) {
      lines += 1;
      const isNewest = isLater(line.time, newest);
      if (isNewest && !line.midLine && textBytes(line) < PIECE_BYTES) {
        anchor = line;
        skip = 0;
      }
      if (isNewest) newest = line.time;
      if (anchor !== null) skip += 1;
    },
    get lines() {
      return lines;
    },
    get newest() {
      return newest;
    },
    get anchor() {
      return anchor;
    },
    get skip() {
      return skip;
    },
  };
}

/**
 * The place to resume at by what a tracker knows; null where it has no anchor.
 *
 * @param bytesOf the text of the anchor in UTF-8.
 */
export function resumePointOf<Line extends TrackedLine>(
  { anchor, skip }: ResumeTracker<Line>,
  bytesOf: (anchor: Line) => string | Uint8Array,
): ResumePoint | null {
  if (anchor === null) return null;
  return { since: anchor.time, anchor: { stream: anchor.stream, textHash: textHash(bytesOf(anchor)) }, skip };
}

/** Compares two times in the form of a log line. Slices of a long text, as they are here, compare slowly with `>`. */
export function isLater(time: string, other: string): boolean {
  for (let index = 0; index < time.length; index += 1) {
    const difference = time.charCodeAt(index) - (other.charCodeAt(index) || 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
