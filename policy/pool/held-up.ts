import { findPlace, type Part } from './fit';
import { isHindered, keepPlace, nextHead, type Pass } from './head';
import { keeperOf } from './permission';
import type { Entry } from './queue';
import { NOTHING_RESERVED } from './reserved';

/** Runs that are looked at in search of one that a reservation keeps out. */
const MOST_LOOKS = 20;

/**
 * Keeps the place of the first run for which there is room, and which nothing but reservations keep from it: when they are
 * over. One that comes after the first that waits for room is promised nothing, as all that do.
 */
export function noteHeldUp(pass: Pass, entry: Entry): void {
  if (!mayBePromised(pass) || isHindered(pass, entry) || !isReservedFrom(pass, entry)) return;
  keepPlace(pass, entry);
}

/** Finds this run where nobody is given anything. */
export function findHeldUp(pass: Pass): void {
  if (!mayBePromised(pass)) return;
  const head = nextHead(pass);
  const firsts: Entry[] = [];
  for (const [shape, waits] of pass.pool.queue.shapes) {
    if (shape.gpus === 0 || shape.closed !== null || shape.candidates.size === 0) continue;
    for (const { entries } of waits) {
      const first = entries.find((entry) => !isHindered(pass, entry));
      if (first && (!head || pass.order.compare(first, head) < 0)) firsts.push(first);
    }
  }
  for (const entry of firsts.toSorted(pass.order.compare).slice(0, MOST_LOOKS)) noteHeldUp(pass, entry);
}

const mayBePromised = ({ reserved, heldUp, hasHead }: Pass): boolean =>
  reserved !== NOTHING_RESERVED && heldUp.size === 0 && !hasHead;

function isReservedFrom(pass: Pass, entry: Entry): boolean {
  let isReserved = false;
  const fit = findPlace(pass.pool, entry.of.shape, (part: Part) => {
    const keeper = keeperOf(pass, entry, part);
    isReserved ||= keeper !== null && 'reservation' in keeper;
    return keeper === null;
  });
  if (fit.kind !== 'fits') return fit.kind === 'kept' && isReserved;
  const gpus = fit.parts.flatMap((part) => part.gpus);
  return pass.reserved.breaks(entry.request, gpus) !== null;
}
