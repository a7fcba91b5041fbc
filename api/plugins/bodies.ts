import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { parseDocument } from 'yaml';

import { ProblemError } from '../problem-error';

/** An alias of YAML may stand for this many nodes in all; more is a bomb. */
const MAX_YAML_ALIASES = 100;

/** Reads bodies as JSON or YAML, and says where one that is neither goes wrong. An empty body is `undefined`. */
export const bodies = fastifyPlugin(
  async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'string' }, parseWith(parseJson));
    for (const type of ['application/yaml', 'application/x-yaml', 'text/yaml']) {
      app.addContentTypeParser(type, { parseAs: 'string' }, parseWith(parseYaml));
    }
  },
  { name: 'bodies' },
);

/**
 * The value of a JSON text.
 *
 * @throws {ProblemError} `malformed-body`, naming the line and column.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = faultOffset(text, message);
    const { line, column } = placeOf(text, offset);
    const what = offset >= text.length ? 'it ends too early' : `${JSON.stringify(text[offset])} is not expected here`;
    throw malformed(`The body is no JSON: at line ${line}, column ${column}, ${what}.`, error);
  }
}

/**
 * The value of a YAML text.
 *
 * @throws {ProblemError} `malformed-body`, naming the line and column.
 */
export function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
    const [fault] = document.errors;
    if (fault) {
      const { line, column } = placeOf(text, fault.pos[0]);
      throw malformed(`The body is no YAML: at line ${line}, column ${column}: ${fault.message}.`, fault);
    }
    return document.toJS({ maxAliasCount: MAX_YAML_ALIASES });
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw malformed(`The body is no YAML that can be used: ${error instanceof Error ? error.message : ''}.`, error);
  }
}

function parseWith(parse: (text: string) => unknown) {
  return async (_request: FastifyRequest, body: string | Buffer): Promise<unknown> => {
    const text = String(body);
    return text.trim() === '' ? undefined : parse(text.replace(/^\uFEFF/, ''));
  };
}

/**
 * Where a text stops being JSON. The engine does not tell for every kind of fault, so the longest beginning is looked for
 * that could still go on to be JSON: one of which the engine only says that it ends too early.
 */
function faultOffset(text: string, message: string): number {
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined && !/Unterminated/.test(message)) return Number(told);
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (canGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function canGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/Unexpected end|Unterminated/.test(message)) return true;
    const told = /at position (\d+)/.exec(message)?.[1];
    return told !== undefined && Number(told) >= beginning.length;
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function malformed(detail: string, cause: unknown): ProblemError {
  return new ProblemError('malformed-body', detail, { faults: [{ path: '', message: detail }], cause });
}
