import { canonicalImage, parseImageReference } from '../contract/image-reference';

/** An image as its engine has it. */
export interface StoredImage {
  id: string;
  /** `repository:tag`. */
  tags: string[];
  /** `repository@digest`; none where it was built or loaded there. */
  digests: string[];
}

export interface RemovalFacts {
  /** What this host has pulled: by id, the names that it was pulled by and when a run last used it, ISO. */
  pulled: ReadonlyMap<string, { references: readonly string[]; usedAt: string }>;
  /** Ids of images that containers have, running or not. */
  inUse: ReadonlySet<string>;
  /** Names, ids or digests of images that runs or schedules need. */
  needed: readonly string[];
}

/** A run may be between its pull and its container for this long. */
const JUST_USED_MS = 10 * 60_000;

/**
 * Images that may be removed to make room, the one used longest ago first. Only what this host pulled itself, under names that
 * it pulled it by, and what a registry can give back; nothing that a container, a run or a schedule needs.
 */
export function removableImages(images: readonly StoredImage[], facts: RemovalFacts, nowMs: number): StoredImage[] {
  const { pulled, inUse } = facts;
  const usedMs = ({ id }: StoredImage): number => Date.parse(pulled.get(id)?.usedAt ?? '');
  return images
    .filter((image) => pulled.has(image.id) && !inUse.has(image.id) && nowMs - usedMs(image) >= JUST_USED_MS)
    .filter((image) => image.digests.length > 0 && isOnlyOurs(image, facts) && !isNeeded(image, facts))
    .toSorted((one, other) => usedMs(one) - usedMs(other) || (one.id < other.id ? -1 : 1));
}

/** Somebody who has given it a name of their own wants to keep it. */
function isOnlyOurs({ id, tags }: StoredImage, { pulled }: RemovalFacts): boolean {
  const ours = pulled.get(id)?.references.map(canonicalImage) ?? [];
  return tags.every((tag) => ours.includes(canonicalImage(tag)));
}

function isNeeded({ id, tags, digests }: StoredImage, { needed }: RemovalFacts): boolean {
  const names = [...tags, ...digests].map(canonicalImage);
  const shas = digests.map((each) => parseImageReference(each).digest);
  return needed.some((name) => name === id || shas.includes(name) || names.includes(canonicalImage(name)));
}
