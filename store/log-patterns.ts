import { setImmediate as nextTurn } from 'node:timers/promises';

import { RE2JS, RE2JSException } from 're2js';

import type { FollowContainerInput } from '../contract/activities';

/** So long the search may keep all else in the process waiting, in milliseconds. */
const SLICE_MS = 15;

/**
 * Indices of the rules of a policy whose pattern some line fits, in ascending order. The engine is RE2's: the time grows with the
 * length of the text, whatever the pattern.
 */
export async function findPatterns(
  patterns: NonNullable<FollowContainerInput['logPatterns']>,
  lines: readonly string[],
): Promise<number[]> {
  const found = new Set<number>();
  let sliceEndsMs = performance.now() + SLICE_MS;
  for (const { rule, pattern } of patterns) {
    const engine = compile(pattern);
    for (const line of engine === null ? [] : lines) {
      if (engine!.test(line)) {
        found.add(rule);
        break;
      }
      if (performance.now() < sliceEndsMs) continue;
      await nextTurn();
      sliceEndsMs = performance.now() + SLICE_MS;
    }
  }
  return [...found].toSorted((one, other) => one - other);
}

/** Null where it is no pattern, which nothing fits: the admission of the run has refused such ones. */
function compile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) return null;
    throw error;
  }
}
