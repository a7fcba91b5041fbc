import type { Command } from 'commander';

import type { LogHit, LogSearch } from '../../contract/http';
import { RUN_STATES, type RunState } from '../../contract/state';
import type { ApiClient, Query } from '../api-client';
import { color } from '../format';
import { labelFilter, states, wholeFrom } from './arguments';
import { apiOf, collect, type Context, wantsJson } from './context';
import { TIME_HELP } from './logs';

interface GrepOptions {
  ignoreCase?: boolean;
  literal?: boolean;
  since?: string;
  until?: string;
  system?: boolean;
  state?: RunState[];
  recipe?: string;
  schedule?: string;
  label?: string[];
  text?: string;
  limit: number;
  timestamps?: boolean;
}

const DEFAULT_LIMIT = 100;
/** Hits that the API gives at once. */
const MOST_A_PAGE = 500;
const BLUE = 36;

export function addGrepCommand(program: Command, { io }: Context): void {
  program
    .command('grep')
    .summary('search the logs of all runs, newest runs first')
    .description('Prints the lines of all logs that match, each after the id of its run and its number there.')
    .argument('<pattern>', 'regular expression in the syntax of RE2; it may match anywhere in a line')
    .option('-i, --ignore-case', 'take capital and small letters as the same')
    .option('--literal', 'take the pattern as the text itself')
    .option('--since <time>', `only lines since ${TIME_HELP}`)
    .option('--until <time>', 'only lines before a time, written in the same way')
    .option('--system', "also Trainyard's own lines")
    .option('-s, --state <state>', `only runs in this state (${RUN_STATES.join(', ')}); repeatable`, states)
    .option('-r, --recipe <name>', 'only runs of this recipe')
    .option('--schedule <name>', 'only runs that this schedule started')
    .option('-l, --label <name=value>', 'only runs with this label; repeatable', collect)
    .option('--text <text>', 'only runs with this in their id or name')
    .option('-n, --limit <number>', 'at most this many lines', wholeFrom(1), DEFAULT_LIMIT)
    .option('-t, --timestamps', 'time and stream before each line')
    .action(async (pattern: string, options: GrepOptions, command: Command) => {
      const { limit, timestamps, label, state, ...rest } = options;
      const query = { ...rest, query: pattern, label: label?.map(labelFilter), state: state?.join(',') };
      const json = wantsJson(command);
      let count = 0;
      const write = (hit: LogHit): void => {
        count += 1;
        io.out(json ? `${JSON.stringify(hit)}\n` : formatHit(hit, timestamps === true, io.colors));
      };
      const isAll = await search(apiOf(command), query, limit, write);
      if (count === 0) io.err('No line matches.\n');
      if (!isAll) io.err(`There may be more: raise --limit, which is ${limit}.\n`);
    });
}

/** Page by page, until there are as many hits as are wanted; true where all logs were searched. */
async function search(api: ApiClient, query: Query, limit: number, write: (hit: LogHit) => void): Promise<boolean> {
  let cursor: string | undefined;
  for (let missing = limit; missing > 0;) {
    const page = await api.get<LogSearch>('/v1/logs', { ...query, cursor, limit: Math.min(missing, MOST_A_PAGE) });
    page.items.forEach(write);
    if (page.next === null) return true;
    cursor = page.next;
    missing -= page.items.length;
  }
  return false;
}

function formatHit({ runId, number, time, stream, text, cut }: LogHit, timestamps: boolean, colors: boolean): string {
  const when = timestamps ? `${time} ${stream} ` : '';
  return `${color(`${runId}:${number}:`, BLUE, colors)} ${when}${text}${cut ? ' …' : ''}\n`;
}
