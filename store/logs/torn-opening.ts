import { readFile, stat, truncate } from 'node:fs/promises';

import { isMissing } from '../../contract/is-missing';
import { parseLine } from './line';
import type { LogPaths } from './segments';
import { parseContinuation } from './system-lines';

/** A live file that is larger than this holds more than its first lines, however many attempts there were. */
const LARGEST_OPENING_BYTES = 65_536;

/**
 * A live file begins with what tells of the files before it, one line for each attempt, and these are written together with
 * the first line after them. Where a crash has left some of them and nothing else, an attempt may be missing among them; so
 * they are taken away, and come again with the next line.
 */
export async function removeTornOpening({ live }: LogPaths): Promise<void> {
  const text = await readSmall(live);
  if (text === null) return;
  const lines = text.split('\n').slice(0, -1);
  if (lines.length > 0 && lines.every((line) => isContinuation(line))) await truncate(live, 0);
}

function isContinuation(text: string): boolean {
  const line = parseLine(text);
  return line?.stream === 'system' && parseContinuation(line.text) !== undefined;
}

/** Null where there is no such file, or it is not a small one. */
async function readSmall(path: string): Promise<string | null> {
  try {
    if ((await stat(path)).size > LARGEST_OPENING_BYTES) return null;
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
