import { randomUUID } from 'node:crypto';

import type { Command } from 'commander';

import { findRunId, runPath } from '../find-run';
import { buildSubmission, type SubmissionOptions } from '../submission';
import { readDocument, showSubmitted, submit } from '../submit';
import { apiOf, collect, type Context, userOf, wantsJson } from './context';
import { addPlaceOptions } from './place-options';

interface RerunOptions extends SubmissionOptions {
  exact?: boolean;
  file?: string;
  follow?: boolean;
  idempotencyKey?: string;
}

export function addRerunCommand(program: Command, context: Context): void {
  const rerun = program
    .command('rerun')
    .summary('run a run again, as it was or with changes')
    .description(
      'Submits a new run with the whole spec of a run, whether that has ended or not. Changes go over it: maps into its maps, anything else in place of what it has.',
    )
    .argument('<id>', 'id of the run, or its beginning')
    .option('--exact', 'change nothing, and run the very image that it had, whatever its name stands for by now')
    .option('-p, --param <name=value>', 'another value of a parameter, such as -p epochs=5; repeatable', collect)
    .option('--set <path=value>', 'another value of any field, such as --set params.epochs=5; repeatable', collect)
    .option('--file <file>', 'changes as a file (YAML or JSON; - for standard input)')
    .option('-n, --name <name>', 'what to call the new run')
    .option('-l, --label <name=value>', 'label to find the new run by; repeatable', collect);
  addPlaceOptions(rerun)
    .option('-f, --follow', 'show the new run until it has ended; the exit code tells how')
    .option('--idempotency-key <key>', 'the same key gives the same run; default: a new one')
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard rerun digits-mlp-x3k5 --set params.epochs=5 --follow\n  trainyard rerun digits-mlp-x3k5 --exact',
    )
    .action(async (typed: string, options: RerunOptions, command: Command) => {
      const text = options.file === undefined ? null : await readDocument(options.file, context.io);
      const changes = buildSubmission(text, options);
      const api = apiOf(command);
      const id = await findRunId(api, typed);
      const by = userOf(context);
      const body = {
        ...(options.exact && { exact: true }),
        ...(Object.keys(changes).length > 0 && { changes }),
        ...(by && { by }),
      };
      const run = await submit(api, `${runPath(id)}/rerun`, body, options.idempotencyKey ?? randomUUID());
      await showSubmitted(api, run, context, { follow: options.follow, json: wantsJson(command) });
    });
}
