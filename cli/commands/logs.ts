import type { Command } from 'commander';

import type { ApiClient, Query } from '../api-client';
import { findRunId } from '../find-run';
import { followLog } from '../follow-log';
import { formatLogLine, type LogLine, logPath } from '../log';
import { EXIT } from '../exit-codes';
import { wholeFrom } from './arguments';
import { apiOf, type Context, wantsJson } from './context';

/** Options that are filters of the API under the same names. */
interface LogFilters {
  from?: number;
  since?: string;
  until?: string;
  tail?: number;
  grep?: string;
  ignoreCase?: boolean;
  literal?: boolean;
  attempt?: number;
  system?: boolean;
}

interface LogsOptions extends LogFilters {
  follow?: boolean;
  timestamps?: boolean;
}

export const TIME_HELP = 'a time such as 2026-11-24T03:42:31Z, or how long ago, such as 10m';

export function addLogsCommand(program: Command, { io, exit }: Context): void {
  program
    .command('logs')
    .summary('print the log of a run, or follow it')
    .description(
      'Prints the lines of a training. With -f it goes on until the run has ended. To search the logs of all runs: trainyard grep.',
    )
    .argument('<id>', 'id of the run, or its beginning')
    .option('-f, --follow', 'also the lines that are still to come')
    .option('--from <line>', 'from the line with this number on', wholeFrom(1))
    .option('--since <time>', `only lines since ${TIME_HELP}`)
    .option('--until <time>', 'only lines before a time, written in the same way')
    .option('-g, --grep <pattern>', 'only lines that this regular expression (RE2) matches')
    .option('-i, --ignore-case', 'take capital and small letters of the pattern as the same')
    .option('--literal', 'take the pattern as the text itself')
    .option('--tail <lines>', 'only the last of the lines that the others leave', wholeFrom(0))
    .option('-t, --timestamps', 'time and stream before each line')
    .option('--attempt <number>', 'only this attempt', wholeFrom(1))
    .option('--system', "also Trainyard's own remarks, such as where an attempt begins")
    .action(async (typed: string, options: LogsOptions, command: Command) => {
      const api = apiOf(command);
      const id = await findRunId(api, typed);
      const write = (line: LogLine): void =>
        io.out(wantsJson(command) ? `${JSON.stringify(line)}\n` : formatLogLine(line, options.timestamps === true));
      if (options.follow) io.catchInterrupt();
      const onAway = (away: boolean): void =>
        io.err(away ? 'The server does not answer; asking again.\n' : 'The server is back.\n');
      for await (const line of linesOf(api, id, options, io.interrupted, onAway)) write(line);
      if (io.interrupted.aborted) exit(EXIT.interrupted);
    });
}

function linesOf(
  api: ApiClient,
  id: string,
  { follow, timestamps: _timestamps, ...filters }: LogsOptions,
  signal: AbortSignal,
  onAway: (away: boolean) => void,
): AsyncIterable<LogLine> {
  const query: Query = { ...filters };
  return follow ? followLog(api, id, { query, signal, onAway }) : api.stream<LogLine>(logPath(id), query, signal);
}
