import { createHash } from 'node:crypto';

import { canonicalJson } from '../contract/canonical-json';
import type { RunSpec } from '../contract/spec';

/** SHA-256, in hexadecimal, of a spec as JSON with sorted keys: the same spec has the same hash, however it was written. */
export function specHash(spec: RunSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}
