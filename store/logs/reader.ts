import { stat } from 'node:fs/promises';

import { isMissing } from '../../contract/is-missing';
import { isLogRemovedError } from '../errors';
import type { LogLine, LogQuery, LogScan, LogStore } from '../log-store';
import { watchFile, type ChangeWatch } from './change-watch';
import { createLogCursor, type Checkpoint, type LogCursor } from './cursor';
import { readRemoval } from './removal';
import { seekTime } from './seek-time';
import { listSegments, type LogPaths } from './segments';
import { selectionOf, selectLines } from './selection';
import { createSlices } from './slices';
import { findEnd, locateTail } from './tail';

/** Besides the kernel's news of a change, a follow looks by itself this often. */
const POLL_MS = 200;

type FollowQuery = Parameters<LogStore['follow']>[1];

/** Reads the log of one run; none of what it reads is held longer than until the next batch is asked for. */
export interface LogReader {
  read(query: LogQuery): AsyncGenerator<LogLine[]>;
  scan(query: LogQuery): AsyncGenerator<LogScan>;
  follow(query: FollowQuery): AsyncGenerator<LogLine[]>;
  size(): Promise<{ lines: number; bytes: number } | null>;
}

/** Remembers where the live file of a run has been read to; makes a number there cheap to find again. */
export interface CheckpointMemory {
  get(): Checkpoint | undefined;
  set(checkpoint: Checkpoint): void;
}

export function createLogReader(paths: LogPaths, memory: CheckpointMemory): LogReader {
  async function* scan(query: LogQuery): AsyncGenerator<LogScan> {
    if ((await readRemoval(paths)) !== null) return;
    const cursor = await openCursor(paths, memory, query);
    try {
      yield* scanToEnd(cursor, query);
    } finally {
      await closeCursor(cursor, memory);
    }
  }

  return {
    scan,

    async *read(query) {
      for await (const { lines } of scan(query)) if (lines.length > 0) yield lines;
    },

    async *follow(query) {
      const cursor = await openCursor(paths, memory, query);
      const change = watchFile(paths.live);
      try {
        yield* readAndWait(cursor, change, query);
      } finally {
        change.close();
        await closeCursor(cursor, memory);
      }
    },

    size: async () => measureUnlessRemoved(paths, memory),
  };
}

async function openCursor(paths: LogPaths, memory: CheckpointMemory, query: LogQuery): Promise<LogCursor> {
  const { from = 1, since, tail, whole, signal } = query;
  const first = since === undefined ? from : Math.max(from, await seekTime(paths, since));
  if (tail === undefined) return createLogCursor(paths, first, { hint: memory.get(), whole });
  const selection = selectionOf(query);
  const start = await locateTail(paths, { count: tail, selection, least: first, signal }, memory.get());
  if (start.end !== undefined) memory.set(start.end);
  return createLogCursor(paths, Math.max(first, start.from), { hint: start.hint, whole });
}

async function closeCursor(cursor: LogCursor, memory: CheckpointMemory): Promise<void> {
  const { checkpoint } = cursor;
  if (checkpoint !== undefined) memory.set(checkpoint);
  await cursor.close();
}

async function* readAndWait(cursor: LogCursor, change: ChangeWatch, query: FollowQuery): AsyncGenerator<LogLine[]> {
  const { signal } = query;
  while (!signal.aborted) {
    yield* readToEnd(cursor, query);
    if (signal.aborted) return;
    // What was stored before the answer is still read; only then is the end the end.
    const ended = await query.ended();
    const found = yield* readToEnd(cursor, query);
    if (found) continue;
    if (ended) return;
    await change.wait(POLL_MS, signal);
  }
}

/** Yields the wanted lines up to the end; true where there were any lines at all. */
async function* readToEnd(cursor: LogCursor, query: LogQuery): AsyncGenerator<LogLine[], boolean> {
  let found = false;
  for await (const { lines } of scanToEnd(cursor, query)) {
    found = true;
    if (lines.length > 0) yield lines;
  }
  return found;
}

/** Every block up to the end, with the lines of it that are wanted. */
async function* scanToEnd(cursor: LogCursor, query: LogQuery): AsyncGenerator<LogScan> {
  const selection = selectionOf(query);
  const slices = createSlices(selection.isSearch);
  for (let block = await cursor.next(); block !== null; block = await cursor.next()) {
    const { lines, isPast } = await selectLines(block, selection, slices);
    yield { lines, next: block.first + block.count, bytes: block.bytes.length };
    if (isPast || query.signal?.aborted === true) return;
  }
}

type LogSize = { lines: number; bytes: number };

async function measureUnlessRemoved(paths: LogPaths, memory: CheckpointMemory): Promise<LogSize | null> {
  try {
    const size = await measure(paths, memory);
    // After it, as a removal is recorded before the first file goes.
    return (await readRemoval(paths)) === null ? size : null;
  } catch (error) {
    if (isLogRemovedError(error)) return null;
    throw error;
  }
}

async function measure(paths: LogPaths, memory: CheckpointMemory): Promise<LogSize | null> {
  const end = await findEnd(paths, memory.get());
  if (end.checkpoint !== undefined) memory.set(end.checkpoint);
  const files = [...(await listSegments(paths)).map(({ path }) => path), paths.live];
  const sizes = (await Promise.all(files.map((path) => sizeOf(path)))).filter((size) => size !== null);
  if (sizes.length === 0) return null;
  return { lines: end.line - 1, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Null where the file is gone: one that was set aside may just have been compressed. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
