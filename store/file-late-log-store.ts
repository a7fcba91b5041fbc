import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isMissing } from '../contract/is-missing';
import { prepareDataFolder } from './data-folder';
import { openLogStore, type FileLogStoreOptions } from './file-log-store';
import type { LateLogOwner, LateLogStore } from './late-log-store';
import type { LogStore } from './log-store';
import { syncFolder } from './logs/rotation';
import { namesIn } from './logs/segments';

/** Ids of containers, and names that are as harmless as part of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const OWNER = 'owner.json';
const GONE = '.gone-';

/**
 * Copies in folders `<data>/late/<container>`, each with a file that names its owner and a folder `logs`.
 *
 * @throws {StoreError} where the data folder cannot be used.
 */
export function openLateLogStore(dataFolder: string, options: FileLogStoreOptions): LateLogStore {
  const folder = join(prepareDataFolder(dataFolder), 'late');
  const pathOf = (containerId: string): string => {
    if (!NAME.test(containerId)) throw new RangeError(`"${containerId}" is no id of a container`);
    return join(folder, containerId);
  };
  const find = async (containerId: string): Promise<LogStore | null> => {
    const path = pathOf(containerId);
    return (await readOwner(path)) === null ? null : openLogStore(path, options);
  };

  return {
    find,
    open: async (owner) => {
      const path = pathOf(owner.containerId);
      if ((await readOwner(path)) === null) await create(folder, path, owner);
      return openLogStore(path, options);
    },
    list: async () => {
      const names = await namesIn(folder);
      await Promise.all(names.filter((name) => name.startsWith(GONE)).map((name) => discard(join(folder, name))));
      const owners = await Promise.all(names.filter((name) => NAME.test(name)).map((name) => readOwner(pathOf(name))));
      return owners.filter((owner) => owner !== null);
    },
    remove: async (containerId) => {
      const gone = join(folder, GONE + containerId);
      await discard(gone);
      try {
        await rename(pathOf(containerId), gone);
      } catch (error) {
        if (isMissing(error)) return;
        throw error;
      }
      await syncFolder(folder);
      await discard(gone);
    },
  };
}

/** The owner's file is there last, and whole: a folder without it is no copy. */
async function create(folder: string, path: string, owner: LateLogOwner): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  const unfinished = join(path, `${OWNER}.tmp`);
  const handle = await open(unfinished, 'w', 0o640);
  try {
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, join(path, OWNER));
  await syncFolder(path);
  await syncFolder(folder);
}

async function readOwner(path: string): Promise<LateLogOwner | null> {
  try {
    return JSON.parse(await readFile(join(path, OWNER), 'utf8')) as LateLogOwner;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
