import { type Command, InvalidArgumentError } from 'commander';

import type { ApiClient, Query } from '../api-client';
import { findRunId } from '../find-run';
import { followLog } from '../follow-log';
import { formatLogLine, type LogLine, logPath } from '../log';
import { EXIT } from '../exit-codes';
import { apiOf, type Context, wantsJson } from './context';

interface LogsOptions {
  follow?: boolean;
  tail?: number;
  timestamps?: boolean;
  attempt?: number;
  system?: boolean;
}

export function addLogsCommand(program: Command, { io, exit }: Context): void {
  program
    .command('logs')
    .summary('print the log of a run')
    .description('Prints the lines of a training. With -f it goes on until the run has ended.')
    .argument('<id>', 'id of the run, or its beginning')
    .option('-f, --follow', 'also the lines that are still to come')
    .option('--tail <lines>', 'only the last lines', wholeFrom(0))
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
  options: LogsOptions,
  signal: AbortSignal,
  onAway: (away: boolean) => void,
): AsyncIterable<LogLine> {
  const query: Query = {
    tail: options.tail,
    attempt: options.attempt,
    system: options.system,
  };
  return options.follow
    ? followLog(api, id, { query, signal, onAway })
    : api.stream<LogLine>(logPath(id), query, signal);
}

function wholeFrom(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < least)
      throw new InvalidArgumentError(`Write a whole number from ${least}.`);
    return number;
  };
}
