import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { StoreError } from './errors';

/**
 * Makes the data folder where it is missing and checks that it can be written to.
 *
 * @returns its absolute path.
 * @throws {StoreError} where it is no folder, cannot be made or cannot be written to.
 */
export function prepareDataFolder(dataFolder: string): string {
  const folder = resolve(dataFolder);
  try {
    makeFolder(folder);
    // Only a try tells: rights, read-only mounts and full disks all count.
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe, { force: true });
  } catch (error) {
    throw describeFolderError(folder, error);
  }
  return folder;
}

/**
 * The name of a data folder, made once and kept in it: what tells the containers of two installations on one engine apart
 * where nobody named them.
 *
 * @throws {StoreError} where the folder cannot be used.
 */
export function dataFolderName(dataFolder: string): string {
  const folder = prepareDataFolder(dataFolder);
  // A file without content, as the loss of power can leave it, is nobody's name. It stays: of two processes that put another
  // in its place, one could have used its own already.
  for (let number = 1; ; number += 1) {
    const file = join(folder, number === 1 ? 'installation' : `installation-${number}`);
    try {
      linkNew(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeFolderError(dataFolder, error);
    }
    const name = readFileSync(file, 'utf8').trim();
    if (/^[0-9a-z]/i.test(name)) return name;
  }
}

/** Linked into place, so that of two processes one makes it, and the other finds it whole; on disk before anybody uses it. */
function linkNew(file: string): void {
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, `${randomBytes(6).toString('hex')}\n`, { flush: true });
  try {
    linkSync(aside, file);
    syncFolder(dirname(file));
  } finally {
    rmSync(aside);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Folder by folder: Node's own recursive way, where a parent takes no folder, hides the cause or tries for ever. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o750 });
  } catch (error) {
    // Another process may have made it just then.
    if (!isFolder(folder)) throw error;
  }
}

function describeFolderError(folder: string, cause: unknown): StoreError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new StoreError(`the data folder ${folder} is not a folder`, 'choose another path', { cause });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const what = isFolder(folder) ? 'cannot be written to' : 'cannot be made';
    return new StoreError(
      `the data folder ${folder} ${what} (${code})`,
      'give its owner to the user that runs Trainyard, or choose another path',
      { cause },
    );
  }
  if (code === 'ENOSPC') {
    return new StoreError(`the disk of the data folder ${folder} is full`, 'free space on it', { cause });
  }
  return new StoreError(`the data folder ${folder} cannot be used (${code})`, 'choose another path', { cause });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
