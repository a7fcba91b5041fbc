import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { listSegments, namesIn, segmentPath, type LogPaths, type Segment } from './segments';

const COMPRESSED = '.gz';
const UNFINISHED = '.tmp';

/** Mode of log files: of the owner, and readable by the group. */
export const LOG_FILE_MODE = 0o640;
const LOG_FOLDER_MODE = 0o750;

/** Sets the live file aside under the numbers of its lines. Afterwards there is no live file. */
export async function setAside(paths: LogPaths, first: number, last: number): Promise<Segment> {
  const path = segmentPath(paths, first, last);
  await mkdir(paths.older, { recursive: true, mode: LOG_FOLDER_MODE });
  await rename(paths.live, path);
  return { first, last, path, compressed: false };
}

/**
 * Replaces a file that was set aside by its compressed form. At each moment the lines are in one of the two: the
 * compressed one gets its name when it is whole and on disk, and only then the plain one goes.
 */
export async function compressSegment(paths: LogPaths, { path }: Segment): Promise<void> {
  const compressed = path + COMPRESSED;
  const unfinished = compressed + UNFINISHED;
  try {
    await pipeline(
      createReadStream(path),
      createGzip(),
      createWriteStream(unfinished, { mode: LOG_FILE_MODE, flush: true }),
    );
    await rename(unfinished, compressed);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(paths.older);
  await rm(path);
}

/**
 * Clears up after a process that died while it rotated, whichever step it was at.
 *
 * @returns what is set aside and still has to be compressed.
 */
export async function recoverRotation(paths: LogPaths): Promise<Segment[]> {
  const names = new Set(await namesIn(paths.older));
  for (const name of names) {
    const isUnfinished = name.endsWith(UNFINISHED);
    if (isUnfinished || names.has(name + COMPRESSED)) await rm(join(paths.older, name), { force: true });
  }
  return (await listSegments(paths)).filter(({ compressed }) => !compressed);
}

/** Makes new and changed names in a folder survive the loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
