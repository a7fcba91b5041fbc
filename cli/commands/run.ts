import { randomUUID } from 'node:crypto';

import type { Command } from 'commander';

import { UsageError } from '../errors';
import { buildSubmission, type SubmissionOptions } from '../submission';
import { readDocument, showSubmitted, submit } from '../submit';
import { apiOf, collect, type Context, userOf, wantsJson } from './context';
import { addPlaceOptions } from './place-options';

interface RunOptions extends SubmissionOptions {
  follow?: boolean;
  idempotencyKey?: string;
}

export function addRunCommand(program: Command, context: Context): void {
  const run = program
    .command('run')
    .summary('submit a training run')
    .description('Submits a run from a file (YAML or JSON; - for standard input) or from a recipe of the server.')
    .argument('[file]', 'run spec')
    .option('-r, --recipe <name>', 'recipe to start from')
    .option('-p, --param <name=value>', 'parameter of the training, such as -p epochs=3; repeatable', collect)
    .option('-n, --name <name>', 'what to call the run')
    .option('-l, --label <name=value>', 'label to find the run by; repeatable', collect)
    .option('--set <path=value>', 'any other field, such as --set policy.retries.attempts=3; repeatable', collect);
  addPlaceOptions(run)
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
      const text = file === undefined ? null : await readDocument(file, context.io);
      const api = apiOf(command);
      const submission = buildSubmission(text, { ...options, user: userOf(context) });
      const submitted = await submit(api, '/v1/runs', submission, options.idempotencyKey ?? randomUUID());
      await showSubmitted(api, submitted, context, { follow: options.follow, json: wantsJson(command) });
    });
}
