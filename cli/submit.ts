import { readFile } from 'node:fs/promises';

import type { Run } from '../contract/run';
import type { ApiClient } from './api-client';
import { type Context, printJson } from './commands/context';
import { ServerUnreachableError, UsageError } from './errors';
import { followRun } from './follow-run';
import type { Io } from './io';

/** The text of a file that is named on the command line; `-` is standard input. */
export async function readDocument(file: string, io: Io): Promise<string> {
  if (file === '-') return io.readInput();
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
}

/** Asks for a new run. The key makes it safe to ask a second time when the connection broke before the answer came. */
export async function submit(api: ApiClient, path: string, body: object, key: string): Promise<Run> {
  const post = (): Promise<Run> => api.send<Run>('POST', path, body, { 'idempotency-key': key });
  try {
    return await post();
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return post();
  }
}

/** Shows what was submitted: its id, or all of it as JSON, or, followed, its whole life. */
export async function showSubmitted(
  api: ApiClient,
  run: Run,
  { io, exit }: Context,
  { follow = false, json }: { follow?: boolean | undefined; json: boolean },
): Promise<void> {
  if (follow) return exit(await followRun(api, run.id, io, json));
  if (json) return printJson(io, run);
  io.out(`${run.id}\n`);
  io.err(`Submitted. Follow it: trainyard logs -f ${run.id}\n`);
}
