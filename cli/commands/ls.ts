import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import { RUN_STATES, type RunState } from '../../contract/state';
import { tableOfRuns } from '../run-table';
import { labelFilter, states, wholeFrom } from './arguments';
import { apiOf, collect, type Context, printJson, wantsJson } from './context';

interface LsOptions {
  state?: RunState[];
  recipe?: string;
  schedule?: string;
  rerunOf?: string;
  owner?: string;
  project?: string;
  pool?: string;
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
    .option('--rerun-of <id>', 'only reruns of this run')
    .option('--owner <name>', 'only runs of this owner')
    .option('--project <name>', 'only runs of this project')
    .option('--pool <name>', 'only runs of this pool')
    .option('-l, --label <name=value>', 'only runs with this label; repeatable', collect)
    .option('-t, --text <text>', 'only runs with this in their id or name')
    .option('-n, --limit <number>', `at most this many, up to ${MOST}`, wholeFrom(1, MOST), DEFAULT_LIMIT)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async (options: LsOptions, command: Command) => {
      const { state, label, ...rest } = options;
      const query = { ...rest, state: state?.join(','), label: label?.map(labelFilter) };
      const page = await apiOf(command).get<RunPage>('/v1/runs', query);
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No runs. Start one: trainyard run --recipe digits --follow\n');
      io.out(`${tableOfRuns(page.items, Date.now(), io.colors).join('\n')}\n`);
      if (page.next !== null) io.err(`There are more: --cursor ${page.next}\n`);
    });
}
