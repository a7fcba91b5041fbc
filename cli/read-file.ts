import { readFile } from 'node:fs/promises';

import { parse, YAMLParseError } from 'yaml';

import { UsageError } from './errors';
import type { Io } from './io';

/**
 * What a file in YAML or JSON holds; `-` is standard input.
 *
 * @throws {UsageError} if it cannot be read, or is neither.
 */
export async function readDocument(file: string, io: Io): Promise<unknown> {
  const text = file === '-' ? await io.readInput() : await readFile(file, 'utf8').catch(unreadable(file));
  try {
    return parse(text) as unknown;
  } catch (error) {
    const problem = error instanceof YAMLParseError ? error.message.trim() : String(error);
    throw new UsageError(`The file ${file} is neither YAML nor JSON: ${problem}`);
  }
}

function unreadable(file: string): (error: unknown) => never {
  return (error) => {
    throw new UsageError(`The file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  };
}
