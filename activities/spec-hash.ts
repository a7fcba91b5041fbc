import { createHash } from 'node:crypto';

import type { RunSpec } from '../contract/spec';

/** SHA-256, in hexadecimal, of a spec as JSON with sorted keys: the same spec has the same hash, however it was written. */
export function specHash(spec: RunSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  });
}
