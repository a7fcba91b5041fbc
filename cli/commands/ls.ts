import { type Command, InvalidArgumentError } from 'commander';

import type { Run } from '../../contract/run';
import { RUN_STATES, type RunState } from '../../contract/state';
import { tableOfRuns } from '../run-table';
import { apiOf, collect, type Context, printJson, wantsJson } from './context';

interface LsOptions {
  state?: RunState[];
  recipe?: string;
  schedule?: string;
  label?: string[];
  text?: string;
  limit: number;
  cursor?: string;
}

interface RunPage {
  items: Run[];
  next: string | null;
}

const DEFAULT_LIMIT = 20;
const MOST = 500;

export function addLsCommand(program: Command, { io }: Context): void {
  program
    .command('ls')
    .summary('list runs, newest first')
    .option('-s, --state <state>', `only runs in this state (${RUN_STATES.join(', ')}); repeatable`, states)
    .option('-r, --recipe <name>', 'only runs of this recipe')
    .option('--schedule <name>', 'only runs that this schedule started')
    .option('-l, --label <name=value>', 'only runs with this label; repeatable', collect)
    .option('-t, --text <text>', 'only runs with this in their id or name')
    .option('-n, --limit <number>', `at most this many, up to ${MOST}`, limit, DEFAULT_LIMIT)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async (options: LsOptions, command: Command) => {
      const { state, label, ...rest } = options;
      const query = { ...rest, state: state?.join(','), label: label?.map(asFilter) };
      const page = await apiOf(command).get<RunPage>('/v1/runs', query);
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No runs. Start one: trainyard run --recipe digits --follow\n');
      io.out(`${tableOfRuns(page.items, Date.now(), io.colors).join('\n')}\n`);
      if (page.next !== null) io.err(`There are more: --cursor ${page.next}\n`);
    });
}

/** Here a label is written as everywhere on the command line; the API's filter has a colon. */
function asFilter(label: string): string {
  return label.replace('=', ':');
}

function states(value: string, earlier: RunState[] = []): RunState[] {
  const unknown = value.split(',').find((state) => !(RUN_STATES as readonly string[]).includes(state));
  if (unknown !== undefined) throw new InvalidArgumentError(`Write one of ${RUN_STATES.join(', ')}.`);
  return [...earlier, ...(value.split(',') as RunState[])];
}

function limit(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > MOST) {
    throw new InvalidArgumentError(`Write a whole number from 1 to ${MOST}.`);
  }
  return number;
}
