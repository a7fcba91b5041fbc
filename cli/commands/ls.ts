import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import { tableOfRuns } from '../run-table';
import { wholeFrom } from './arguments';
import { apiOf, type Context, printJson, wantsJson } from './context';
import { addRunFilters, type RunFilters, runFiltersOf } from './run-filters';

interface LsOptions extends RunFilters {
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
  addRunFilters(program.command('ls').summary('list runs, newest first'), '-t, --text <text>')
    .option('-n, --limit <number>', `at most this many, up to ${MOST}`, wholeFrom(1, MOST), DEFAULT_LIMIT)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async (options: LsOptions, command: Command) => {
      const page = await apiOf(command).get<RunPage>('/v1/runs', runFiltersOf(options));
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No runs. Start one: trainyard run --recipe digits --follow\n');
      io.out(`${tableOfRuns(page.items, Date.now(), io.colors).join('\n')}\n`);
      if (page.next !== null) io.err(`There are more: --cursor ${page.next}\n`);
    });
}
