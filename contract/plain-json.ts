import type { Fault } from './fault';
import { joinPath } from './path';

/** What an input may be at most, before anybody looks at its fields. */
export interface JsonLimits {
  /** Bytes of the whole as JSON in UTF-8. */
  bytes: number;
  /** Levels of lists and objects within each other. */
  depth: number;
}

/**
 * Whether an input is JSON that can be walked without danger: not endlessly deep, not too large, nothing in it that JSON
 * does not have, and no key that reaches the prototype of whatever it is copied into.
 */
export function checkPlainJson(input: unknown, limits: JsonLimits): Fault[] {
  const waiting: { value: unknown; path: string; depth: number }[] = [{ value: input, path: '', depth: 0 }];
  let left = limits.bytes;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path, depth } = next;
    left -= costOf(value);
    if (left < 0) return [tooLarge(limits.bytes)];
    const problem = problemOf(value);
    if (problem !== undefined) return [{ path, message: problem }];
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= limits.depth) return [{ path, message: `is nested deeper than ${limits.depth} levels` }];
    for (const key of Object.keys(value)) {
      if (key === '__proto__') return [{ path, message: '"__proto__" cannot be a name; choose another' }];
      const child = (value as Record<string, unknown>)[key];
      // As in JSON.stringify: a field without a value is no field.
      if (child === undefined && !Array.isArray(value)) continue;
      left -= Array.isArray(value) ? 1 : key.length + 3;
      const childPath = Array.isArray(value) ? `${path}[${key}]` : joinPath(path, key);
      waiting.push({ value: child, path: childPath, depth: depth + 1 });
    }
  }
  // The walk above bounds the work; only what passed it is worth the exact count.
  return new TextEncoder().encode(JSON.stringify(input)).length > limits.bytes ? [tooLarge(limits.bytes)] : [];
}

function costOf(value: unknown): number {
  return typeof value === 'string' ? value.length + 2 : 1;
}

function problemOf(value: unknown): string | undefined {
  if (value === undefined) return 'is nothing that JSON has';
  if (value === null || ['string', 'boolean'].includes(typeof value)) return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must be a finite number';
  if (Array.isArray(value)) return undefined;
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  return prototype === Object.prototype || prototype === null ? undefined : 'is nothing that JSON has';
}

function tooLarge(bytes: number): Fault {
  return { path: '', message: `is larger than ${bytes / 1024} KiB; keep data in files and name them` };
}
