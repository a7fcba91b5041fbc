import { existsSync } from 'node:fs';
import { constants, open, readdir, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises';

import { isMissing } from '../contract/is-missing';

/** Where a process finds the folders that it has open, on Linux. */
const OPEN_FILES = '/proc/self/fd';
/** Of folders in folders. Each that is being emptied is kept open, and a run could nest them without end. */
const DEEPEST = 100;

/**
 * Removes what lies at a path, whatever it is, also while somebody who must not be trusted can change what is in it. A link
 * is removed and never followed: each folder is opened once and then emptied through what was opened, so that one that is
 * replaced by a link in the middle leads nowhere. The folders above the path must be out of that somebody's reach.
 *
 * Where there is no such way, as on a Mac, whose containers run in a machine of their own, it is removed by its path.
 */
export async function removeTree(path: string): Promise<void> {
  if (existsSync(OPEN_FILES)) await removeEntry(Buffer.from(path), 0);
  else await rm(path, { recursive: true, force: true });
}

/** Names are bytes: what a program calls its files need not be text. */
async function removeEntry(path: Buffer, depth: number): Promise<void> {
  const folder = await openFolder(path);
  if (folder === null) return unlessMissing(unlink(path));
  try {
    if (depth > DEEPEST) throw new Error(`folders are nested deeper than ${DEEPEST}; remove them by hand`);
    const opened = `${OPEN_FILES}/${folder.fd}`;
    for (const name of await readdir(opened, { encoding: 'buffer' })) {
      await removeEntry(Buffer.concat([Buffer.from(`${opened}/`), name]), depth + 1);
    }
  } finally {
    await folder.close();
  }
  await unlessMissing(rmdir(path));
}

/** Null where there is no folder at the path, also where there is a link to one. */
async function openFolder(path: Buffer): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENOENT') return null;
    throw error;
  }
}

async function unlessMissing(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
