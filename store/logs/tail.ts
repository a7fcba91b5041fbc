import { open, type FileHandle } from 'node:fs/promises';

import { isMissing } from '../../contract/is-missing';
import { createLogCursor, type Checkpoint, type NumberedBlock } from './cursor';
import { listSegments, type LogPaths, type Segment } from './segments';
import { parseAnyLine, type Selection } from './selection';
import { createSlices, type Slices } from './slices';

export interface TailStart {
  /** Number of the line to begin at. */
  from: number;
  /** Known places in the live file: where to begin, and its end. */
  hint: Checkpoint | undefined;
  end: Checkpoint | undefined;
}

/** The last lines that are looked for. */
export interface TailQuery {
  count: number;
  selection: Selection;
  /** Lines before this one are not looked at. */
  least: number;
  /** Aborted where nobody waits for the answer any more; it is then of no use. */
  signal: AbortSignal | undefined;
}

/**
 * Where the last lines of a log begin that a query wants. The live file is read from its end; only where it holds too few
 * of them, older files are gone through.
 *
 * @param known a known place in the live file; the lines from there on are counted.
 */
export async function locateTail(paths: LogPaths, tail: TailQuery, known: Checkpoint | undefined): Promise<TailStart> {
  for (;;) {
    const end = await findEnd(paths, known);
    if (end.checkpoint === undefined) {
      return { from: await locateInOlder(paths, end.line, tail), hint: undefined, end: undefined };
    }
    const live = await openSame(paths, end.checkpoint);
    if (live === null) continue;
    try {
      const { start, missing } = await goBack(live, end.checkpoint, tail);
      const from = missing === 0 ? start.line : await locateInOlder(paths, start.line, { ...tail, count: missing });
      return { from, hint: start, end: end.checkpoint };
    } finally {
      await live.close();
    }
  }
}

/** Number of the line that will be the next, and where in the live file. */
export async function findEnd(
  paths: LogPaths,
  known: Checkpoint | undefined,
): Promise<{ line: number; checkpoint: Checkpoint | undefined }> {
  const cursor = createLogCursor(paths, Number.MAX_SAFE_INTEGER, { hint: known });
  try {
    await cursor.next();
    const { checkpoint } = cursor;
    return { line: checkpoint?.line ?? ((await listSegments(paths)).at(-1)?.last ?? 0) + 1, checkpoint };
  } finally {
    await cursor.close();
  }
}

/** Null where the live file has been set aside since. */
async function openSame(paths: LogPaths, { inode }: Checkpoint): Promise<FileHandle | null> {
  try {
    const handle = await open(paths.live, 'r');
    if ((await handle.stat()).ino === inode) return handle;
    await handle.close();
    return null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const BLOCK_BYTES = 65_536;
const LINE_END = 10;

/** Goes back from a place in a file until the wanted lines are found; `missing` is how many the file does not have. */
async function goBack(
  handle: FileHandle,
  from: Checkpoint,
  { count, selection, least, signal }: TailQuery,
): Promise<{ start: Checkpoint; missing: number }> {
  const start = { ...from };
  let missing = count;
  let unread = from.position;
  let bytes: Buffer = Buffer.alloc(0);
  const slices = createSlices(selection.isSearch);

  while (missing > 0 && start.position > 0 && start.line > least && signal?.aborted !== true) {
    // `bytes` is what lies from `unread` to `start.position`; its last line end is that of the line before `start`.
    const lineStart = bytes.length < 2 ? 0 : bytes.lastIndexOf(LINE_END, bytes.length - 2) + 1;
    if (lineStart === 0 && unread > 0) {
      const blockStart = Math.max(0, unread - Math.max(BLOCK_BYTES, bytes.length));
      bytes = Buffer.concat([await readExactly(handle, blockStart, unread), bytes]);
      unread = blockStart;
      await slices.begin();
      continue;
    }
    const line = bytes.toString(selection.encoding, lineStart, bytes.length - 1);
    start.position -= bytes.length - lineStart;
    start.line -= 1;
    const isCounted = selection.counts(parseAnyLine(line));
    if (typeof isCounted === 'boolean' ? isCounted : await isCounted) missing -= 1;
    bytes = bytes.subarray(0, lineStart);
    if (slices.isOver(line.length)) await slices.next();
  }
  return { start, missing };
}

async function readExactly(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(end - start);
  for (let filled = 0; filled < block.length;) {
    const { bytesRead } = await handle.read(block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) return block.subarray(0, filled);
    filled += bytesRead;
  }
  return block;
}

/** The same among the lines before a number, in files that cannot be read backwards. */
async function locateInOlder(paths: LogPaths, before: number, tail: TailQuery): Promise<number> {
  let missing = tail.count;
  const older = (await listSegments(paths)).filter(({ last }) => last < before && last >= tail.least);
  for (const segment of older.toReversed()) {
    if (missing === 0 || tail.signal?.aborted === true) break;
    const wanted = await countWanted(paths, segment, tail);
    if (wanted >= missing) return findWanted(paths, segment, tail, wanted - missing);
    missing -= wanted;
  }
  return missing === 0 ? before : tail.least;
}

async function countWanted(paths: LogPaths, segment: Segment, tail: TailQuery): Promise<number> {
  let count = 0;
  for await (const numbers of wantedNumbers(paths, segment, tail)) count += numbers.length;
  return count;
}

/** Number of the wanted line that has this many others before it. */
async function findWanted(paths: LogPaths, segment: Segment, tail: TailQuery, before: number): Promise<number> {
  let left = before;
  for await (const numbers of wantedNumbers(paths, segment, tail)) {
    const found = numbers[left];
    if (found !== undefined) return found;
    left -= numbers.length;
  }
  return segment.last + 1;
}

async function* wantedNumbers(
  paths: LogPaths,
  { first, last }: Segment,
  { selection, least, signal }: TailQuery,
): AsyncGenerator<number[]> {
  const cursor = createLogCursor(paths, Math.max(first, least));
  const slices = createSlices(selection.isSearch);
  try {
    for (let block = await cursor.next(); block !== null && block.first <= last; block = await cursor.next()) {
      if (signal?.aborted === true) return;
      yield await wantedIn(block, selection, slices);
    }
  } finally {
    await cursor.close();
  }
}

async function wantedIn({ first, bytes }: NumberedBlock, selection: Selection, slices: Slices): Promise<number[]> {
  const numbers: number[] = [];
  let number = first;
  await slices.begin();
  for (const line of bytes.toString(selection.encoding, 0, bytes.length - 1).split('\n')) {
    const isCounted = selection.counts(parseAnyLine(line));
    if (typeof isCounted === 'boolean' ? isCounted : await isCounted) numbers.push(number);
    number += 1;
    if (slices.isOver(line.length)) await slices.next();
  }
  return numbers;
}
