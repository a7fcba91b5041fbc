import { createHash } from 'node:crypto';

import { canonicalJson } from '../contract/canonical-json';

/** SHA-256 of a JSON value, in hexadecimal: the same value has the same hash, in whatever order its fields were written. */
export function jsonHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
