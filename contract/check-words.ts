import type { TSchema } from '@sinclair/typebox';

import type { Fault } from './fault';
import { joinPath } from './path';
import { describeValue } from './describe-value';

/**
 * Texts that are none of the words that their schema lists in `enum`. JSON Schema knows that keyword, and so do OpenAPI and
 * the validator of the API's routes; TypeBox's own check passes over it.
 */
export function checkWords(schema: TSchema, value: unknown, path = ''): Fault[] {
  if (Array.isArray(value)) {
    const items = schema['items'] as TSchema | undefined;
    return items === undefined ? [] : value.flatMap((item, index) => checkWords(items, item, `${path}[${index}]`));
  }
  if (typeof value === 'object' && value !== null) {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>);
    return properties.flatMap(([key, child]) =>
      checkWords(child, (value as Record<string, unknown>)[key], joinPath(path, key)),
    );
  }
  const words: unknown = schema['enum'];
  if (typeof value !== 'string' || !Array.isArray(words) || words.includes(value)) return [];
  return [{ path, message: `must be one of ${words.map(describeValue).join(', ')}; got ${describeValue(value)}` }];
}
