import { shorten } from './path';

/** A value as short as a sentence can bear: `the text "abc"`, `-3`, `a list`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value, 60));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return nameType(value);
}

/** The type of a value in words, without the value. */
export function nameType(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const names: Record<string, string> = { string: 'a text', object: 'an object', boolean: 'true or false' };
  return names[typeof value] ?? `a ${typeof value}`;
}
