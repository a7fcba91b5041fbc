import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Command } from 'commander';
import { parse } from 'yaml';

import { buildProgram } from '../../cli/program';
import { validateSpec } from '../../contract/validate-spec';
import { apiRoutes, routeKey, sourceText } from './code-facts';
import { anchorsOf, fencedBlocks, type Document } from './markdown';
import { REPOSITORY } from './scratch-project';

/** What a document says that is not so, by the kind of fact; each answers what is wrong. */
export const FAULTS: Record<string, (document: Document) => string[]> = {
  'links to what exists': deadLinks,
  'names only variables that something reads': unknownVariables,
  'names only routes that the API has': unknownRoutes,
  'has run specs that are accepted as they stand': refusedSpecs,
  'shows commands and options that exist': unknownCommands,
  'names files that exist': missingFiles,
  'names npm scripts that exist': unknownScripts,
};

function deadLinks({ path, text }: Document): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file, anchor] = link.split('#') as [string, string?];
    const target = join(REPOSITORY, file === '' ? path : join(dirname(path), file));
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).has(anchor));
  });
}

function unknownVariables({ text }: Document): string[] {
  const names = text.match(/\b(?:TRAINYARD|TEMPORAL|DOCKER|NVIDIA)_(?!PARAM_)[A-Z][A-Z_]*[A-Z]\b/g);
  if (names === null) return [];
  const source = sourceText();
  return names.filter((name) => !source.includes(name));
}

function unknownRoutes({ text }: Document): string[] {
  const routes = apiRoutes();
  const named = [...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[A-Za-z0-9_/{}-]*)/g)].map(([, method, path]) =>
    routeKey(method!, path!),
  );
  const asked = [...text.matchAll(/curl -s 127\.0\.0\.1:8000(\/\S*)(.*)/g)].map(([, path, rest]) =>
    routeKey(rest!.includes(' -d ') ? 'POST' : 'GET', path!),
  );
  return [...named, ...asked].filter((route) => !routes.has(route));
}

function refusedSpecs({ text }: Document): string[] {
  return fencedBlocks(text, 'yaml run-spec').flatMap((block) =>
    (validateSpec(parse(block)).faults ?? []).map(({ path, message }) => `${path}: ${message}`),
  );
}

function unknownCommands({ text }: Document): string[] {
  const lines = fencedBlocks(text, 'bash').join('').split('\n');
  return lines.flatMap((line) => {
    const [, program, words] = /^(trainyard|script\/trainyard|script\/server)\b([^#]*)/.exec(line) ?? [];
    if (program === undefined) return [];
    return unknownWords(program === 'script/server' ? `up ${words}` : words!).map((word) => `${line}: ${word}`);
  });
}

/** Words of a command line that are no command, and options that the command does not have. */
function unknownWords(line: string): string[] {
  const io = { out: () => {}, err: () => {} };
  let command: Command = buildProgram({ io, env: {}, exit: () => {} } as never, '0.0.0');
  const words = line.trim().split(/\s+/);
  while (words.length > 0 && command.commands.length > 0) {
    const word = words.shift()!;
    const next = command.commands.find((one) => one.name() === word);
    if (!next) return [word];
    command = next;
  }
  const options = words.filter((word) => /^--?[a-z]/.test(word));
  return options.filter((word) => !command.options.some(({ short, long }) => word === short || word === long));
}

function missingFiles({ text }: Document): string[] {
  const folders = 'script|docs|bench|chaos|test|config|contract|policy|policies|workflows|deploy|recipes';
  const pattern = new RegExp(`(?<![\\w./<>-])(?:${folders})/[\\w./-]*\\w`, 'g');
  const files = [...text.matchAll(pattern)].map(([file]) => file);
  return files.filter((file) => ![file, `${file}.ts`].some((one) => existsSync(join(REPOSITORY, one))));
}

function unknownScripts({ text }: Document): string[] {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
  return [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!).filter((name) => !(name in scripts));
}
