import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, opendir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { isMissing } from '../contract/is-missing';
import { runPaths } from './paths';
import { removeTree } from './remove-tree';

/**
 * The checkpoints of a run: the files and folders that lie directly in its folder for them. One is complete when its name is
 * that of a complete one: programs write beside it, under a name that begins or ends as below, and rename what is whole.
 *
 * The folder belongs to the user of the run, who may put anything there at any time. So whatever is no file and no folder,
 * such as a link, is no checkpoint, and nothing outside the folder is ever looked at or removed.
 */
const UNFINISHED = /^\.|\.(tmp|part|partial|new|incomplete)$/;

export interface Checkpoint {
  name: string;
  /** When it was written. */
  at: Date;
}

/** The newest complete checkpoint of a run; null where there is none. */
export async function newestCheckpoint(dataFolder: string, runId: string): Promise<Checkpoint | null> {
  const { complete } = await look(runPaths(dataFolder, runId).checkpoints);
  return complete[0] ?? null;
}

/** When a run last wrote a complete checkpoint, in milliseconds since 1970; null where it has none. */
export async function lastCheckpointAt(dataFolder: string, runId: string): Promise<number | null> {
  return (await newestCheckpoint(dataFolder, runId))?.at.getTime() ?? null;
}

/** Removes the complete checkpoints of a run beyond the newest `keep`, which may be done while the run writes others. */
export async function pruneCheckpoints(dataFolder: string, runId: string, keep: number): Promise<void> {
  const folder = runPaths(dataFolder, runId).checkpoints;
  const { complete } = await look(folder);
  for (const { name } of complete.slice(Math.max(1, keep))) {
    // Half removed it must not look complete, not even to who comes after a crash.
    const aside = join(folder, `.removed-${randomUUID()}`);
    if (await renamed(join(folder, name), aside)) await removeTree(aside);
  }
}

/** Removes what was never finished; only for a run of which nothing runs. */
export async function removeUnfinished(dataFolder: string, runId: string): Promise<void> {
  const folder = runPaths(dataFolder, runId).checkpoints;
  for (const name of (await look(folder)).unfinished) await removeTree(join(folder, name));
}

/** Removes all checkpoints of a run, with their folder. */
export async function removeCheckpoints(dataFolder: string, runId: string): Promise<void> {
  await removeTree(runPaths(dataFolder, runId).checkpoints);
}

interface Found extends Checkpoint {
  mtimeNs: bigint;
}

/** More entries than this are no checkpoints of anybody's; to know them all would only cost memory. */
const MOST_ENTRIES = 100_000;

/** @returns the complete ones with the newest first, and the names of the others that were being written. */
async function look(folder: string): Promise<{ complete: Found[]; unfinished: string[] }> {
  const complete: Found[] = [];
  const unfinished: string[] = [];
  for (const name of await namesIn(folder)) {
    if (UNFINISHED.test(name)) unfinished.push(name);
    else {
      const stats = await statsOf(join(folder, name));
      if (stats === null || !(stats.isFile() || stats.isDirectory())) continue;
      complete.push({ name, at: stats.mtime, mtimeNs: stats.mtimeNs });
    }
  }
  return { complete: complete.toSorted(byAge), unfinished };
}

/** Anything but what can be printed in ASCII and what lies beyond ASCII: the control characters, DEL among them. */
const HAS_CONTROL = /[^ -~\u0080-\uffff]/;

/** Names that are shown to people and passed on to programs; one that would garble either is nobody's checkpoint. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(folder)) {
      if (!HAS_CONTROL.test(name)) names.push(name);
      if (names.length >= MOST_ENTRIES) break;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return names;
}

async function statsOf(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const names = new Intl.Collator('en', { numeric: true });

/** The newest first; of two that were written at once, the one with the higher number. */
function byAge(one: Found, other: Found): number {
  if (one.mtimeNs !== other.mtimeNs) return one.mtimeNs > other.mtimeNs ? -1 : 1;
  return names.compare(other.name, one.name);
}

/** False where it is gone already. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
