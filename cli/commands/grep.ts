import type { Command } from 'commander';

import type { LogHit, LogSearch } from '../../contract/http';
import type { ApiClient, Query } from '../api-client';
import { color } from '../format';
import type { Io } from '../io';
import { lastState } from '../printable';
import { STREAM_HELP, streams, wholeFrom } from './arguments';
import { apiOf, type Context, wantsJson } from './context';
import { TIME_HELP } from './logs';
import { addRunFilters, type RunFilters, runFiltersOf } from './run-filters';

interface GrepOptions extends RunFilters {
  ignoreCase?: boolean;
  literal?: boolean;
  since?: string;
  until?: string;
  stream?: string[];
  system?: boolean;
  limit: number;
  timestamps?: boolean;
}

const DEFAULT_LIMIT = 100;
/** Hits that the API gives at once. */
const MOST_A_PAGE = 500;
const BLUE = 36;

export function addGrepCommand(program: Command, { io }: Context): void {
  const grep = program
    .command('grep')
    .summary('search the logs of all runs, newest runs first')
    .description('Prints the lines of all logs that match, each after the id of its run and its number there.')
    .argument('<pattern>', 'regular expression in the syntax of RE2; it may match anywhere in a line')
    .option('-i, --ignore-case', 'take capital and small letters as the same')
    .option('--literal', 'take the pattern as the text itself')
    .option('--since <time>', `only lines since ${TIME_HELP}`)
    .option('--until <time>', 'only lines before a time, written in the same way')
    .option('--stream <stream>', STREAM_HELP, streams)
    .option('--system', "also Trainyard's own lines");
  addRunFilters(grep, '--text <text>')
    .option('-n, --limit <number>', 'at most this many lines', wholeFrom(1), DEFAULT_LIMIT)
    .option('-t, --timestamps', 'time and stream before each line')
    .action(async (pattern: string, options: GrepOptions, command: Command) => {
      const { limit, timestamps, ...filters } = options;
      const query = { ...runFiltersOf(filters), query: pattern };
      const json = wantsJson(command);
      let count = 0;
      const write = (hit: LogHit): void => {
        count += 1;
        io.out(json ? `${JSON.stringify(hit)}\n` : formatHit(hit, timestamps === true, io));
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

function formatHit(hit: LogHit, timestamps: boolean, io: Io): string {
  const { runId, number, time, stream, text, cut } = hit;
  const when = timestamps ? `${time} ${stream} ` : '';
  const shown = io.isTerminal ? lastState(text) : text;
  return `${color(`${runId}:${number}:`, BLUE, io.colors)} ${when}${shown}${cut ? ' …' : ''}\n`;
}
