import type { Command } from 'commander';

import type { RunDetail } from '../../contract/http';
import { UsageError } from '../errors';
import { findRunId, runPath } from '../find-run';
import { wholeFrom } from './arguments';
import { apiOf, collect, type Context, printJson, userOf, wantsJson } from './context';

interface ChangeOptions {
  timeout?: string[];
  label?: string[];
  priority?: number;
  by?: string;
}

export function addChangeCommand(program: Command, context: Context): void {
  const { io } = context;
  program
    .command('change')
    .summary('change limits, labels and priority of a run that goes on')
    .description(
      'Holds at once, also for the attempt that is under way. A limit cannot be less than what has passed of it.',
    )
    .argument('<id>', 'id of the run, or its beginning')
    .option(
      '-t, --timeout <name=duration>',
      'queued, running, silence, total, grace or warn; off for none; repeatable',
      collect,
    )
    .option('-l, --label <name=value>', 'label to set; repeatable', collect)
    .option('--priority <number>', '0 to 100; of a run that waits, or that runs', wholeFrom(0, 100))
    .option('--by <name>', 'who changes it, for its events (default: the user)')
    .addHelpText(
      'after',
      '\nExample:\n  trainyard change ID --timeout running=20h --timeout total=40h --label kept=yes',
    )
    .action(async (typed: string, options: ChangeOptions, command: Command) => {
      const change = changeOf(options, options.by ?? userOf(context));
      const api = apiOf(command);
      const run = await api.send<RunDetail>('PATCH', runPath(await findRunId(api, typed)), change);
      if (wantsJson(command)) return printJson(io, run);
      io.out(`${run.id} is changed: ${describe(run, change)}\n`);
    });
}

interface Change {
  policy?: { timeouts: Record<string, string | null> };
  labels?: Record<string, string>;
  priority?: number;
  by?: string;
}

/** Nothing is checked here that the server checks. */
function changeOf({ timeout = [], label = [], priority }: ChangeOptions, by: string | undefined): Change {
  if (timeout.length + label.length === 0 && priority === undefined) {
    throw new UsageError('Name what to change, such as: trainyard change ID --timeout running=20h');
  }
  const timeouts = timeout.map((pair) => split(pair, '--timeout running=20h'));
  return {
    ...(timeout.length > 0 && {
      policy: { timeouts: Object.fromEntries(timeouts.map(([name, value]) => [name, value === 'off' ? null : value])) },
    }),
    ...(label.length > 0 && { labels: Object.fromEntries(label.map((pair) => split(pair, '--label team=vision'))) }),
    ...(priority !== undefined && { priority }),
    ...(by !== undefined && { by }),
  };
}

function split(pair: string, example: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`"${pair}" has no name and value; write such as ${example}`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** What was asked for, as the server has it now. */
function describe({ spec, labels, priority }: RunDetail, change: Change): string {
  const timeouts = (spec?.policy?.timeouts ?? {}) as Record<string, string | undefined>;
  return [
    ...Object.keys(change.policy?.timeouts ?? {}).map((name) => `${name} ${timeouts[name] ?? 'off'}`),
    ...Object.keys(change.labels ?? {}).map((name) => `${name}=${labels[name] ?? ''}`),
    ...(change.priority === undefined ? [] : [`priority ${priority}`]),
  ].join(', ');
}
