import { createHash } from 'node:crypto';

import type { LogStream } from '../contract/log-streams';

export type { LogStream } from '../contract/log-streams';

/**
 * Logs of runs. Each run has one log with all its attempts; each line has a number, from 1, which is its place in the log
 * and never changes. See docs/logs.md for the form on disk.
 */
export interface LogStore {
  /**
   * Opens the log of an attempt to append to it. There is one writer of a run at a time, in all processes that use the
   * store; a process that dies has none any more. A last line that was cut off by a crash is taken away: it will come again.
   *
   * @throws {LogInUseError} while another writer of the run is open, whatever its attempt.
   * @throws {LogDiskFullError} where there is no room.
   */
  openWriter(runId: string, attempt: number): Promise<LogWriter>;
  /**
   * Lines from `from` on, oldest first; none where the log was removed before.
   *
   * @throws {LogRemovedError} where the log is removed meanwhile.
   * @throws {LogHoleError} see {@link LogQuery.whole}.
   */
  read(runId: string, query: LogQuery): AsyncIterable<LogLine[]>;
  /** The same, told block by block, also of blocks without a wanted line: for readers that must not read for ever. */
  scan(runId: string, query: LogQuery): AsyncIterable<LogScan>;
  /**
   * Lines from `from` on, then those that come, until `signal` is aborted or `ended` says so and all is read.
   *
   * @param query.ended asked each time the end is reached; when it answers true and nothing came since, the follow ends.
   */
  follow(
    runId: string,
    query: LogQuery & { ended: () => Promise<boolean>; signal: AbortSignal },
  ): AsyncIterable<LogLine[]>;
  /** What is known for certain of the log of an attempt; null until it is sealed, and where it was removed. */
  sealOf(runId: string, attempt: number): Promise<Seal | null>;
  /** How many lines there are, and bytes on disk; null where the run has no log. */
  size(runId: string): Promise<{ lines: number; bytes: number } | null>;
  /** The logs that are stored, in no order. */
  list(): AsyncIterable<StoredLog>;
  /**
   * Removes a log for good and remembers that, so that {@link LogStore.removal} tells it. Whoever is called twice, or dies in
   * the middle and is called again, has the same effect as once. Readers have no log from the first moment on; those in the middle of it fail.
   *
   * @param because sentence for people: why it had to go.
   * @throws {LogInUseError} while the log is being written.
   */
  remove(runId: string, because: string): Promise<void>;
  /** How the log of a run was removed; null where it was not. */
  removal(runId: string): Promise<RecordedRemoval | null>;
  /** Where people find the live file. */
  pathOf(runId: string): string;
}

export interface LogLine {
  /** Number in the run's log, from 1. */
  number: number;
  /** RFC 3339 with nine digits of a second. */
  time: string;
  attempt: number;
  stream: LogStream;
  text: string;
}

/** What a query wants: lines that fit all of it. */
export interface LogQuery {
  /** First line number; default 1. */
  from?: number;
  /** Only the last this many of those that fit the rest. */
  tail?: number;
  attempt?: number;
  /** Default: stdout and stderr. */
  streams?: LogStream[];
  /**
   * Also the notes of gaps and of lines in parts, see `noteOf`, of whichever stream; {@link LogQuery.tail} does not count
   * them. Default: false.
   */
  notes?: boolean;
  /** Only lines of this time or later, in the form of {@link LogLine.time}. Files that are certainly older are not read. */
  since?: string;
  /** Only lines before this time, in the same form. */
  until?: string;
  /**
   * Only lines with such a text. It is called for every line of the log that fits the rest, so it must be quick, or promise its
   * answer where a line takes long.
   */
  matches?: (text: string) => boolean | Promise<boolean>;
  /**
   * Fail where lines in the middle are gone, as somebody has taken their files away; without it, reading goes on after them.
   * Where the oldest files are gone, it begins with what there is in either case.
   */
  whole?: boolean;
  /** Aborted when nobody waits for the lines any more. */
  signal?: AbortSignal;
}

/** A block of a log that was read. */
export interface LogScan {
  /** Its lines that the query wants; there may be none. */
  lines: LogLine[];
  /** Number of the line after the block. */
  next: number;
  /** How large the block is. */
  bytes: number;
}

export interface StoredLog {
  runId: string;
  /** Bytes on disk. */
  bytes: number;
  /** True where a removal was begun and is not done: {@link LogStore.remove} does the rest. */
  isBeingRemoved: boolean;
}

export interface RecordedRemoval {
  at: string;
  because: string;
}

/** A line to store. */
export interface NewLogLine {
  time: string;
  stream: LogStream;
  /** Without a line's end. UTF-8 already repaired by the caller, who counts what was bad. */
  text: string;
  /**
   * True where a longer line of the other stream was still incomplete when this one ended, or the end of a torn one before it has
   * no earlier time, so that a reader of the engine must not resume at it.
   */
  midLine?: boolean;
}

export interface LogWriter {
  /**
   * Where to resume reading from the engine, by what is written so far: another writer would read the same back. Null:
   * from the beginning; then everything comes again, and the first {@link LogWriter.attemptLines} stdout and stderr lines
   * are stored already.
   */
  readonly resume: ResumePoint | null;
  /** What was stored of the run when this writer was opened, in bytes of lines; null where older files are set aside. */
  readonly initialBytes: number | null;
  /** stdout and stderr lines of this attempt so far. */
  readonly attemptLines: number;
  /** Set where the attempt's log is sealed already. */
  readonly sealed: Seal | null;
  /**
   * Appends; resolves when a `tail -f` sees it. All of the lines are stored or, where it fails, none; appends that wait
   * behind one that fails, fail with it.
   *
   * @throws {LogDiskFullError} where there is no room. The writer stays usable.
   */
  append(lines: readonly NewLogLine[]): Promise<void>;
  /** Makes what was appended survive the loss of power. */
  sync(): Promise<void>;
  /**
   * Writes the seal and syncs. Nothing may be appended to the attempt after that. A second call changes nothing.
   *
   * @param notes are stored right before it: all of this or, where it fails, none.
   */
  seal(seal: Omit<Seal, 'lines'>, notes?: readonly NewLogLine[]): Promise<Seal>;
  close(): Promise<void>;
}

/**
 * The anchor of a resume: ask the engine for records since `since`; lines then come again from the anchor on. The first
 * must be the anchor (`anchor` is its text's hash and stream); `skip` of them are stored already.
 */
export interface ResumePoint {
  since: string;
  anchor: { stream: LogStream; textHash: string };
  /** Stored stdout and stderr lines from the anchor on, the anchor included. */
  skip: number;
}

/** SHA-256 of a line's text in UTF-8, in hexadecimal, as in {@link ResumePoint.anchor}. */
export function textHash(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A copy of a text out of a line, for whoever keeps it. The texts of lines are views of the block that they were read in, of
 * half a mebibyte as a rule: each that is kept as it is keeps all of its block in memory.
 */
export function ownText(text: string): string {
  // In the units of a string itself, as a cut text may end in half a character.
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** What is known for certain at the end of an attempt's log. */
export interface Seal {
  lines: number;
  /** Places where lines are known to be missing. */
  gaps: number;
  /** Bytes that were no UTF-8 and stand as U+FFFD. */
  badBytes: number;
}
