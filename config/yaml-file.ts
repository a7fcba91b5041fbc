import { readFileSync } from 'node:fs';

import { parseDocument } from 'yaml';

/**
 * What a YAML file holds, or why it cannot be read, in one sentence. JSON is YAML. An empty file is an empty object.
 */
export function readYamlFile(file: string): { value: unknown; problem?: undefined } | { problem: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return {
      problem: READ_PROBLEMS[(error as NodeJS.ErrnoException).code ?? ''] ?? `cannot be read: ${messageOf(error)}`,
    };
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  // The message goes on with the lines of the file, which may hold what belongs in no log.
  if (fault !== undefined) return { problem: `is no YAML: ${fault.message.split('\n')[0]!.replace(/:$/, '')}` };
  try {
    return { value: (document.toJS() as unknown) ?? {} };
  } catch (error) {
    return { problem: `is no YAML that can be used: ${messageOf(error)}` };
  }
}

const READ_PROBLEMS: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder; write the name of a file',
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
