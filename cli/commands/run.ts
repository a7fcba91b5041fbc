import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import type { ApiClient } from '../api-client';
import { ServerUnreachableError, UsageError } from '../errors';
import { followRun } from '../follow-run';
import type { Io } from '../io';
import { buildSubmission, type SubmissionOptions } from '../submission';
import { apiOf, collect, type Context, printJson, wantsJson } from './context';

interface RunOptions extends SubmissionOptions {
  follow?: boolean;
  idempotencyKey?: string;
}

export function addRunCommand(program: Command, { io, exit }: Context): void {
  program
    .command('run')
    .summary('submit a training run')
    .description('Submits a run from a file (YAML or JSON; - for standard input) or from a recipe of the server.')
    .argument('[file]', 'run spec')
    .option('-r, --recipe <name>', 'recipe to start from')
    .option('-p, --param <name=value>', 'parameter of the training, such as -p epochs=3; repeatable', collect)
    .option('-n, --name <name>', 'what to call the run')
    .option('-l, --label <name=value>', 'label to find the run by; repeatable', collect)
    .option('--set <path=value>', 'any other field, such as --set policy.retries.attempts=3; repeatable', collect)
    .option('-f, --follow', 'show the run until it has ended; the exit code tells how')
    .option('--idempotency-key <key>', 'the same key gives the same run; default: a new one')
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard run --recipe digits -p epochs=3 --follow\n  trainyard run job.yaml -n nightly',
    )
    .action(async (file: string | undefined, options: RunOptions, command: Command) => {
      if (file === undefined && options.recipe === undefined && options.set === undefined) {
        throw new UsageError('Name a file or a recipe, such as: trainyard run --recipe digits -p epochs=3');
      }
      const text = file === undefined ? null : await readSpec(file, io);
      const api = apiOf(command);
      const run = await submit(api, buildSubmission(text, options), options.idempotencyKey ?? randomUUID());
      const json = wantsJson(command);
      if (options.follow) return exit(await followRun(api, run.id, io, json));
      if (json) return printJson(io, run);
      io.out(`${run.id}\n`);
      io.err(`Submitted. Follow it: trainyard logs -f ${run.id}\n`);
    });
}

async function readSpec(file: string, io: Io): Promise<string> {
  if (file === '-') return io.readInput();
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
}

/** The key makes it safe to ask a second time when the connection broke before the answer came. */
async function submit(api: ApiClient, submission: object, key: string): Promise<Run> {
  const post = (): Promise<Run> => api.send<Run>('POST', '/v1/runs', submission, { 'idempotency-key': key });
  try {
    return await post();
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return post();
  }
}
