import { open, stat, type FileHandle } from 'node:fs/promises';

import { isMissing } from '../../contract/is-missing';
import { LogHoleError, LogRemovedError } from '../errors';
import { createFileSource, openSegment, type FileLineSource, type LineSource } from './line-source';
import { readRemoval } from './removal';
import { lastLineOf, listSegments, type LogPaths, type Segment } from './segments';

/** Whole lines of a log, and the number of the first. The bytes are valid until the next call. */
export interface NumberedBlock {
  first: number;
  count: number;
  bytes: Buffer;
}

/** A place in the live file that is known, so that reading need not count lines from its start. */
export interface Checkpoint {
  inode: number;
  line: number;
  position: number;
}

/**
 * Reads a log from a line on, through all its files, also while another process appends to it and rotates it.
 *
 * Why no line is missed or doubled in a rotation: a file that was set aside is named after its lines, so only the number
 * of the live file's first line must be found out. It is taken from the listing of the others, and counts if a second
 * listing, after the live file was opened, is the same: then no rotation was between. An open live file stays readable
 * when it is set aside, and nothing is written to it after that: when its name belongs to another file, what is left in it
 * is read before the next file is opened.
 */
export interface LogCursor {
  /**
   * The next lines; null at the end of what there is now.
   *
   * @throws {LogRemovedError} where the log has been removed, or its removal was begun.
   * @throws {LogHoleError} where lines are gone after some were read, if the log is to be whole.
   */
  next(): Promise<NumberedBlock | null>;
  /** Where the live file has been read to; undefined while another file is being read. */
  readonly checkpoint: Checkpoint | undefined;
  close(): Promise<void>;
}

export interface CursorOptions {
  /** A place in the live file that is known. */
  hint?: Checkpoint | undefined;
  /** See {@link LogQuery.whole}. Default: false. */
  whole?: boolean | undefined;
}

/** The file that is being read. */
interface Current {
  /** Number of the line that comes next from the source. */
  line: number;
  source: LineSource;
  /** Number of its last line, for a file that was set aside. */
  last?: number;
  /** Set for the live file. */
  live?: { handle: FileHandle; inode: number; source: FileLineSource; isSetAside: boolean };
}

interface State {
  paths: LogPaths;
  hint: Checkpoint | undefined;
  whole: boolean;
  /** Number of the line that is read next. */
  wanted: number;
  /** Whether a line was read. */
  hasBegun: boolean;
  current: Current | null;
}

export function createLogCursor(paths: LogPaths, from: number, { hint, whole = false }: CursorOptions = {}): LogCursor {
  const state: State = { paths, hint, whole, wanted: Math.max(1, from), hasBegun: false, current: null };
  return {
    next: () => readNext(state),
    get checkpoint() {
      return checkpointOf(state);
    },
    async close() {
      await state.current?.source.close();
      state.current = null;
    },
  };
}

async function readNext(state: State): Promise<NumberedBlock | null> {
  for (;;) {
    state.current ??= await openAt(state);
    if (state.current === null) return null;
    const bytes = await state.current.source.next();
    const block = bytes === null ? null : take(state.current, bytes, state.wanted);
    if (block !== null) {
      state.wanted = block.first + block.count;
      state.hasBegun = true;
      return block;
    }
    if (bytes === null && !(await moveOn(state, state.current))) return null;
  }
}

/** At the end of a file: true where there is more to read, in it or in the next one. */
async function moveOn(state: State, ended: Current): Promise<boolean> {
  if (ended.live && !ended.live.isSetAside) {
    ended.live.isSetAside = await isSetAside(state.paths, ended.live.inode);
    if (ended.live.isSetAside) return true;
    const { size } = await ended.live.handle.stat();
    // Lines whose append failed are cut off again, also after they were read: then start over from the number.
    if (size >= ended.live.source.position) return false;
  }
  if (ended.last !== undefined) state.wanted = Math.max(state.wanted, ended.last + 1);
  await ended.source.close();
  state.current = null;
  return true;
}

function checkpointOf({ current }: State): Checkpoint | undefined {
  if (!current?.live) return undefined;
  return { inode: current.live.inode, line: current.line, position: current.live.source.position };
}

/** The lines of a block from the wanted one on; null where they all come before it. */
function take(current: Current, bytes: Buffer, wanted: number): NumberedBlock | null {
  const count = countLines(bytes);
  const first = current.line;
  current.line += count;
  if (current.line <= wanted) return null;
  if (first >= wanted) return { first, count, bytes };
  return { first: wanted, count: current.line - wanted, bytes: bytes.subarray(offsetOfLine(bytes, wanted - first)) };
}

async function openAt(state: State): Promise<Current | null> {
  const { paths, wanted, hint } = state;
  for (;;) {
    const segments = await listSegments(paths);
    const holder = segments.find(({ last }) => last >= wanted);
    // Nothing, or not what comes next: so it looks after a removal, and while one is under way.
    if (holder !== undefined && holder.first > wanted && !(await isHole(state, holder))) continue;
    const opened = holder ? await openOlder(holder) : await openLive(paths, wanted, lastLineOf(segments), hint);
    if (opened === null) await checkRemoval(paths);
    if (opened !== 'changed') return opened;
  }
}

async function checkRemoval(paths: LogPaths): Promise<void> {
  const removal = await readRemoval(paths);
  if (removal !== null) throw new LogRemovedError(paths.live, removal.at, removal.because);
}

/** Whether the lines before a file are gone, as the listing that it is from has it; false where another has not. */
async function isHole({ paths, whole, wanted, hasBegun }: State, { first }: Segment): Promise<boolean> {
  await checkRemoval(paths);
  // A listing may pass over a file that gets its compressed form at that moment.
  const again = (await listSegments(paths)).find(({ last }) => last >= wanted);
  if (again?.first !== first) return false;
  // At the beginning there may be one: the oldest files may be taken away.
  if (whole && hasBegun) throw new LogHoleError(paths.live, wanted, first - 1);
  return true;
}

async function openOlder(segment: Segment): Promise<Current | 'changed'> {
  try {
    return { line: segment.first, last: segment.last, source: await openSegment(segment) };
  } catch (error) {
    if (isMissing(error)) return 'changed';
    throw error;
  }
}

/** @param linesBefore lines in the files that are set aside, as they were listed just before. */
async function openLive(
  paths: LogPaths,
  line: number,
  linesBefore: number,
  hint: Checkpoint | undefined,
): Promise<Current | 'changed' | null> {
  const handle = await openIfThere(paths.live);
  if (lastLineOf(await listSegments(paths)) !== linesBefore) {
    await handle?.close();
    return 'changed';
  }
  if (handle === null) return null;
  const { ino: inode, size } = await handle.stat();
  // A number is given again to another file once the first is gone; the line tells whether it is meant.
  const isOfThisFile = hint?.inode === inode && hint.line > linesBefore + 1 && hint.position <= size;
  const start = isOfThisFile && hint.line <= line ? hint : undefined;
  const source = createFileSource(handle, start?.position);
  return { line: start?.line ?? linesBefore + 1, source, live: { handle, inode, source, isSetAside: false } };
}

async function isSetAside(paths: LogPaths, inode: number): Promise<boolean> {
  try {
    return (await stat(paths.live)).ino !== inode;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const LINE_END = 10;

export function countLines(bytes: Buffer): number {
  let count = 0;
  for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, end + 1)) count += 1;
  return count;
}

/** Where the line begins that has this many before it. */
function offsetOfLine(bytes: Buffer, before: number): number {
  let offset = 0;
  for (let line = 0; line < before; line += 1) offset = bytes.indexOf(LINE_END, offset) + 1;
  return offset;
}
