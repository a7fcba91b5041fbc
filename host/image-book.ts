import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Logger } from 'pino';

import { isMissing } from '../contract/is-missing';

/** What this host has pulled, and when runs last used it: an engine itself does not know. */
export interface ImageBook {
  /** Of an image that this host has just pulled. */
  pulled(imageId: string, reference: string): Promise<void>;
  /** A run is about to use an image; nothing for one that this host did not pull. */
  used(imageId: string): Promise<void>;
  entries(): Promise<ReadonlyMap<string, ImageEntry>>;
  forget(imageId: string): Promise<void>;
}

export interface ImageEntry {
  /** The names that it was pulled by. */
  references: string[];
  usedAt: string;
}

/** One file for a host in `<data>/images`; a use is written down once in so long. */
const WRITE_EVERY_MS = 60_000;

export interface ImageBookDeps {
  config: { data: string; host: { name: string } };
  log: Logger;
  now?: () => number;
}

/** Keeps it in one file. One that cannot be read or written costs nothing but images that stay longer. */
export function openImageBook({ config, log, now = Date.now }: ImageBookDeps): ImageBook {
  const path = join(config.data, 'images', `${config.host.name}.json`);
  const known = readBook(path, log);
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const entries = await known;
    writing = writing.then(() =>
      writeBook(path, entries).catch((error: unknown) => {
        log.warn({ err: error, path }, 'What images were used last cannot be written down');
      }),
    );
    await writing;
  };
  return {
    pulled: async (imageId, reference) => {
      const entries = await known;
      const { references = [] } = entries.get(imageId) ?? {};
      entries.set(imageId, {
        references: [...new Set([...references, reference])],
        usedAt: new Date(now()).toISOString(),
      });
      await write();
    },
    used: async (imageId) => {
      const entry = (await known).get(imageId);
      if (entry === undefined) return;
      const beforeMs = Date.parse(entry.usedAt);
      entry.usedAt = new Date(now()).toISOString();
      if (now() - beforeMs >= WRITE_EVERY_MS) await write();
    },
    entries: () => known,
    forget: async (imageId) => {
      if ((await known).delete(imageId)) await write();
    },
  };
}

async function readBook(path: string, log: Logger): Promise<Map<string, ImageEntry>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, ImageEntry>));
  } catch (error) {
    const isNew = isMissing(error);
    if (!isNew) log.warn({ err: error, path }, 'What images were pulled is not known; those that there are stay');
    return new Map();
  }
}

/** Moved into place whole, so that no crash leaves half of it. */
async function writeBook(path: string, entries: ReadonlyMap<string, ImageEntry>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.new`;
  await writeFile(aside, JSON.stringify(Object.fromEntries(entries)));
  await rename(aside, path);
}
