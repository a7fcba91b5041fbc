import { createLogCursor } from './cursor';
import type { ParsedLine } from './line';
import { shiftLogTime, TIME_DISORDER_MS } from './log-time';
import { lastLineOf, listSegments, type LogPaths } from './segments';
import { parseAnyLine } from './selection';
import { parseContinuation } from './system-lines';

/**
 * Number of a line before which every line is earlier than a time: the first of one of the log's files, so that those before
 * it need not be read. Of each file that is looked at, only the beginning is.
 *
 * Times are only nearly in order ({@link TIME_DISORDER_MS}), so the search keeps that far away from the time, and whoever
 * reads on from there still has to look at each line's time.
 */
export async function seekTime(paths: LogPaths, since: string): Promise<number> {
  const segments = await listSegments(paths);
  const starts = [...segments.map(({ first }) => first), lastLineOf(segments) + 1];
  const limit = shiftLogTime(since, -TIME_DISORDER_MS);
  // `low` is a file before which nothing is wanted; before those above `high` there may be something.
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const before = await newestBefore(paths, starts[middle]!);
    if (before !== undefined && before < limit) low = middle;
    else high = middle - 1;
  }
  return starts[low]!;
}

/**
 * The newest time of what stands before a file, as its first lines tell it of each attempt; where they do not, about that of
 * its own first line of a program. Undefined where there is none of either.
 */
async function newestBefore(paths: LogPaths, first: number): Promise<string | undefined> {
  const cursor = createLogCursor(paths, first);
  try {
    const block = await cursor.next();
    if (block === null) return undefined;
    const lines = block.bytes
      .toString('latin1', 0, block.bytes.length - 1)
      .split('\n')
      .map(parseAnyLine);
    return newestTold(lines) || lines.find(({ stream }) => stream !== 'system')?.time;
  } finally {
    await cursor.close();
  }
}

/** The newest time in the lines that a file begins with; empty where they tell of none. */
function newestTold(lines: readonly ParsedLine[]): string {
  let newest = '';
  for (const { stream, text } of lines) {
    const told = stream === 'system' ? parseContinuation(text) : undefined;
    if (told === undefined) break;
    if (told.newest > newest) newest = told.newest;
  }
  return newest;
}
