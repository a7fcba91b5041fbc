import type { TSchema } from '@sinclair/typebox';

import { ConfigSchema } from './config';

/** A setting as documents, `--help` and the loader see it. */
export interface Setting {
  /** Path in the file, such as `api.port`. */
  path: string;
  /** Name of its variable. */
  env: string;
  type: 'text' | 'whole number' | 'true or false' | 'list';
  default: unknown;
  description: string;
  /** The words that it can be, or its range; undefined where neither is limited. */
  allowed?: string;
}

/** Every setting there is, in the order of the schema. */
export function listSettings(): Setting[] {
  return settingsOf(ConfigSchema, '');
}

/** The settings as a table of Markdown. */
export function describeSettings(): string {
  const rows = listSettings().map(
    ({ path, env, description, allowed, default: fallback }) =>
      `| \`${path}\` | \`${env}\` | ${describeDefault(fallback)} | ${description}${allowed === undefined ? '' : ` (${allowed})`} |`,
  );
  return ['| setting | variable | default | |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function settingsOf(schema: TSchema, path: string): Setting[] {
  if (schema['type'] === 'object') {
    const properties = Object.entries(schema['properties'] as Record<string, TSchema>);
    return properties.flatMap(([key, child]) => settingsOf(child, path === '' ? key : `${path}.${key}`));
  }
  const allowed = allowedOf(schema);
  return [
    {
      path,
      env: String(schema['env']),
      type: TYPES[String(schema['type'])] ?? 'text',
      default: schema['default'] as unknown,
      description: schema.description ?? '',
      ...(allowed === undefined ? {} : { allowed }),
    },
  ];
}

const TYPES: Record<string, Setting['type']> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
};

function allowedOf(schema: TSchema): string | undefined {
  const words: unknown = schema['enum'] ?? (schema['items'] as TSchema | undefined)?.['enum'];
  if (Array.isArray(words)) return words.join(', ');
  return schema['minimum'] === undefined ? undefined : `${schema['minimum']} to ${schema['maximum']}`;
}

function describeDefault(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return '';
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``;
}
