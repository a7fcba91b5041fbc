import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { TSchema } from '@sinclair/typebox';

import { ConfigSchema } from '../../config/config';
import { REASONS, type EndReason } from '../../contract/reason';
import { HINTS } from '../../policy/evidence/hint-table';
import { REPOSITORY } from './scratch-project';

/** Rows of the table of end reasons, as the documents show it. */
export function reasonRows(): string[][] {
  return (Object.keys(REASONS) as EndReason[]).map((reason) => {
    const { state, retry, sentence } = REASONS[reason];
    return [`\`${reason}\``, state, retry, sentence];
  });
}

/** Rows of the table of hints: id, by what it is known, what it says. */
export function hintRows(): string[][] {
  return HINTS.map(({ id, log, reasons = [], signals = [], network, sentence }) => {
    const ending = [...reasons, ...signals].map((word) => `\`${word}\``).join(' by ');
    const inLog = network === undefined ? 'the log' : `the log, with \`network: ${network}\``;
    return [`\`${id}\``, log === undefined ? ending : inLog, sentence];
  });
}

/** Rows of the table of settings: path in a file, variable, default, meaning. */
export function settingRows(): string[][] {
  return settingsIn(ConfigSchema, '');
}

function settingsIn(schema: TSchema, prefix: string): string[][] {
  const properties = schema['properties'] as Record<string, TSchema>;
  return Object.entries(properties).flatMap(([name, property]) => {
    if (property['properties']) return settingsIn(property, `${prefix}${name}.`);
    const value: unknown = property['default'];
    const shown = Array.isArray(value) ? value.join(',') : String(value);
    const fallback = shown === '' ? '' : `\`${shown}\``;
    return [[`\`${prefix}${name}\``, `\`${property['env']}\``, fallback, String(property['description'])]];
  });
}

/** Every route of the API as `METHOD /path`, with `{}` for each parameter. */
export function apiRoutes(): Set<string> {
  const folder = join(REPOSITORY, 'api');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const routes = files.flatMap((file) => {
    const prefix = file.includes('routes/v1/') ? '/v1' : '';
    const text = readFileSync(join(folder, file), 'utf8');
    const short = [...text.matchAll(/app\.(get|post|put|patch|delete)\(\s*'([^']+)'/g)].map(([, method, path]) => [
      method!,
      path!,
    ]);
    const long = [...text.matchAll(/method: '([A-Z]+)',\s*url: '([^']+)'/g)].map(([, method, path]) => [
      method!,
      path!,
    ]);
    return [...short, ...long].map(([method, path]) => routeKey(method!, prefix + path));
  });
  // The documentation's own routes come from a plugin.
  return new Set([...routes, 'GET /docs', 'GET /docs/json']);
}

/** `get /v1/runs/:id` and `GET /v1/runs/{id}?tail=5` are the same route. */
export function routeKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/[?#].*$/, '').replace(/:[a-z_]+|\{[a-z_]+\}|\bID\b/gi, '{}')}`;
}

/** All text of the repository that is no document and no test: where a name that a document uses must stand. */
export function sourceText(): string {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  const sources = listed
    .split('\0')
    .filter((file) => file !== '' && !/\.md$|^test\/|^package-lock|^LICENSE/.test(file));
  return sources.map((file) => readIfThere(join(REPOSITORY, file))).join('\n');
}

/** A file that git lists may be gone from the working tree. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
