import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { formatSize } from '../contract/units';
import type { Engine, ImageSummary } from '../docker/engine';
import { removableImages } from '../policy/image-removal';
import type { DiskGuard } from './disk-guard';
import type { ImageBook } from './image-book';

export interface ImageCleanerDeps {
  engine: Pick<Engine, 'listContainers' | 'listImages' | 'removeImage'>;
  disks: Pick<DiskGuard, 'look'>;
  images: ImageBook;
  /** Names, ids or digests of the images that runs and schedules need. Rejects where that is not known. */
  neededImages: () => Promise<string[]>;
  config: { host: { disk: Pick<Config['host']['disk'], 'cleanAt'> } };
  log: Logger;
  /** Default: every minute. */
  everyMs?: number;
  now?: () => number;
}

const EVERY_MS = 60_000;
/** Per cent of the disk that are freed below the mark, so that not every pull removes an image. */
const FREE_BELOW = 5;

/**
 * Looks every minute whether the disk of the engine is filling, and then removes images that Trainyard pulled and nobody needs,
 * the one used longest ago first, until it is a little below the mark. Where the disk is not for this process to see, it does
 * nothing; where it is not known what is needed, neither.
 */
export function startImageCleaner(deps: ImageCleanerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = keepClean(deps, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function keepClean(deps: ImageCleanerDeps, signal: AbortSignal): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    try {
      await cleanOnce(deps, signal);
      failing = false;
    } catch (error) {
      if (!failing) deps.log.warn({ err: error }, 'Images cannot be removed to make room; trying again');
      failing = true;
    }
    await sleep(deps.everyMs ?? EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function cleanOnce(deps: ImageCleanerDeps, signal: AbortSignal): Promise<void> {
  const { engine, images: book, config, now = Date.now } = deps;
  if ((await usedPercent(deps)) < config.host.disk.cleanAt) return;
  const candidates = async (): Promise<ImageSummary[]> => {
    const containers = await engine.listContainers({});
    const inUse = new Set(containers.map(({ imageId }) => imageId));
    const stored = await engine.listImages();
    // Last: what is needed by then is kept.
    const facts = { pulled: await book.entries(), inUse, needed: await deps.neededImages() };
    return removableImages(stored, facts, now()).map(({ id }) => stored.find((image) => image.id === id)!);
  };
  // Asked anew for each: a run may have come for the next one meanwhile.
  for (;;) {
    if (signal.aborted || (await usedPercent(deps)) <= config.host.disk.cleanAt - FREE_BELOW) return;
    const [image] = await candidates();
    if (image === undefined) return;
    if (!(await removeImage(deps, image))) return;
  }
}

/** 0 where nobody can say. */
async function usedPercent({ disks }: ImageCleanerDeps): Promise<number> {
  return (await disks.look()).find(({ use }) => use === 'engine')?.usedPercent ?? 0;
}

/** False where the engine kept it, such as for a container that was made just then. */
async function removeImage({ engine, images: book, log }: ImageCleanerDeps, image: ImageSummary): Promise<boolean> {
  const { id, tags, digests, sizeBytes } = image;
  for (const name of [...tags, ...digests]) await engine.removeImage(name);
  const isThere = (await engine.listImages()).some((each) => each.id === id);
  if (isThere) return false;
  await book.forget(id);
  const facts = { image: tags[0] ?? digests[0] ?? id, size: formatSize(sizeBytes) };
  log.info(facts, 'The disk of the engine is filling: an image that nobody needs was removed');
  return true;
}
