import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isMissing } from '../../contract/is-missing';
import { isRunId, runIdFromLogFileName } from '../../contract/names';
import type { RecordedRemoval, StoredLog } from '../log-store';
import { LOG_FILE_MODE, syncFolder } from './rotation';
import { type LogPaths, logPaths, namesIn } from './segments';

/**
 * Removes the files of a log for good. What tells of the removal is written first and is on disk before the first file goes:
 * whatever dies in between, readers are told that the log is removed, those who are in the middle of it by an error, and never
 * take half of it for all; and the next call does the rest.
 *
 * The caller has claimed the log, so that nobody writes it.
 */
export async function removeLog(paths: LogPaths, removal: RecordedRemoval): Promise<void> {
  if ((await readRemoval(paths)) === null) await recordRemoval(paths, removal);
  await removeFiles(paths);
}

/** Forgets a removal before a log is written anew, and does what may be left to do of it. */
export async function forgetRemoval(paths: LogPaths): Promise<void> {
  if ((await readRemoval(paths)) === null) return;
  await removeFiles(paths);
  await rm(paths.removed, { force: true });
  await syncFolder(paths.folder);
}

export async function readRemoval({ removed }: LogPaths): Promise<RecordedRemoval | null> {
  try {
    return JSON.parse(await readFile(removed, 'utf8')) as RecordedRemoval;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The logs in a folder, with the sizes of all their files. */
export async function* listLogs(folder: string): AsyncGenerator<StoredLog> {
  const names = new Set(await namesIn(folder));
  const runIds = new Set([...names].flatMap((name) => runIdOf(name) ?? []));
  for (const runId of runIds) {
    const paths = logPaths(folder, runId);
    const older = await namesIn(paths.older);
    const files = [paths.live, ...older.map((name) => join(paths.older, name))];
    const sizes = await Promise.all(files.map((path) => sizeOf(path)));
    yield {
      runId,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      isBeingRemoved: names.has(basename(paths.removed)),
    };
  }
}

async function recordRemoval({ folder, removed }: LogPaths, removal: RecordedRemoval): Promise<void> {
  const unfinished = `${removed}.tmp`;
  const handle = await open(unfinished, 'w', LOG_FILE_MODE);
  try {
    await handle.writeFile(`${JSON.stringify(removal)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, removed);
  await syncFolder(folder);
}

async function removeFiles({ folder, live, older }: LogPaths): Promise<void> {
  await rm(live, { force: true });
  await rm(older, { recursive: true, force: true });
  await syncFolder(folder);
}

/** Of the live file, or of the folder of what was set aside. */
function runIdOf(name: string): string | undefined {
  const runId = runIdFromLogFileName(name.replace(/\.older$/, '.log'));
  return runId !== undefined && isRunId(runId) ? runId : undefined;
}

/** 0 where the file is gone: one that was set aside may just have been compressed. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
