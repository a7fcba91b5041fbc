import type { RunSpec } from '../contract/spec';
import { jsonHash } from '../store/json-hash';

/** SHA-256, in hexadecimal, of a spec as JSON with sorted keys: the same spec has the same hash, however it was written. */
export function specHash(spec: RunSpec): string {
  return jsonHash(spec);
}
