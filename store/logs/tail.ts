import { open, type FileHandle } from 'node:fs/promises';

import { createLogCursor, type Checkpoint } from './cursor';
import { isMissing, listSegments, type LogPaths } from './segments';
import { parseAnyLine, type Selection } from './selection';

export interface TailStart {
  /** Number of the line to begin at. */
  from: number;
  /** Known places in the live file: where to begin, and its end. */
  hint: Checkpoint | undefined;
  end: Checkpoint | undefined;
}

/**
 * Where the last lines of a log begin that a query wants. The live file is read from its end; only where it holds too few
 * of them, older files are gone through.
 *
 * @param known a known place in the live file; the lines from there on are counted.
 */
export async function locateTail(
  paths: LogPaths,
  count: number,
  isWanted: Selection,
  known: Checkpoint | undefined,
): Promise<TailStart> {
  for (;;) {
    const end = await findEnd(paths, known);
    if (end.checkpoint === undefined) {
      return { from: await locateInOlder(paths, end.line, count, isWanted), hint: undefined, end: undefined };
    }
    const live = await openSame(paths, end.checkpoint);
    if (live === null) continue;
    try {
      const { start, missing } = await goBack(live, end.checkpoint, count, isWanted);
      const from = missing === 0 ? start.line : await locateInOlder(paths, start.line, missing, isWanted);
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
  const cursor = createLogCursor(paths, Number.MAX_SAFE_INTEGER, known);
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
  count: number,
  isWanted: Selection,
): Promise<{ start: Checkpoint; missing: number }> {
  const start = { ...from };
  let missing = count;
  let unread = from.position;
  let bytes: Buffer = Buffer.alloc(0);

  while (missing > 0 && start.position > 0) {
    // `bytes` is what lies from `unread` to `start.position`; its last line end is that of the line before `start`.
    const lineStart = bytes.length < 2 ? 0 : bytes.lastIndexOf(LINE_END, bytes.length - 2) + 1;
    if (lineStart === 0 && unread > 0) {
      const blockStart = Math.max(0, unread - Math.max(BLOCK_BYTES, bytes.length));
      bytes = Buffer.concat([await readExactly(handle, blockStart, unread), bytes]);
      unread = blockStart;
      continue;
    }
    const line = bytes.toString('latin1', lineStart, bytes.length - 1);
    start.position -= bytes.length - lineStart;
    start.line -= 1;
    if (isWanted(parseAnyLine(line))) missing -= 1;
    bytes = bytes.subarray(0, lineStart);
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
async function locateInOlder(paths: LogPaths, before: number, count: number, isWanted: Selection): Promise<number> {
  let missing = count;
  const older = (await listSegments(paths)).filter(({ last }) => last < before);
  for (const { first, last } of older.toReversed()) {
    const wanted = await countWanted(paths, first, last, isWanted);
    if (wanted >= missing) return findWanted(paths, first, last, isWanted, wanted - missing);
    missing -= wanted;
  }
  return missing === 0 ? before : 1;
}

async function countWanted(paths: LogPaths, first: number, last: number, isWanted: Selection): Promise<number> {
  let count = 0;
  for await (const number of wantedNumbers(paths, first, last, isWanted)) count += number.length;
  return count;
}

/** Number of the wanted line that has this many others before it. */
async function findWanted(
  paths: LogPaths,
  first: number,
  last: number,
  isWanted: Selection,
  before: number,
): Promise<number> {
  let left = before;
  for await (const numbers of wantedNumbers(paths, first, last, isWanted)) {
    const found = numbers[left];
    if (found !== undefined) return found;
    left -= numbers.length;
  }
  return last + 1;
}

async function* wantedNumbers(
  paths: LogPaths,
  first: number,
  last: number,
  isWanted: Selection,
): AsyncGenerator<number[]> {
  const cursor = createLogCursor(paths, first);
  try {
    for (let block = await cursor.next(); block !== null && block.first <= last; block = await cursor.next()) {
      const blockFirst = block.first;
      const lines = block.bytes.toString('latin1', 0, block.bytes.length - 1).split('\n');
      yield lines.flatMap((line, index) => (isWanted(parseAnyLine(line)) ? [blockFirst + index] : []));
    }
  } finally {
    await cursor.close();
  }
}
