import type { Command } from 'commander';

import type { RunDetail } from '../../contract/http';
import type { ApiClient, Query } from '../api-client';
import { EXIT } from '../exit-codes';
import { findRun } from '../find-run';
import { followLog } from '../follow-log';
import { readLog } from '../read-log';
import { formatLogLine, formatNote, type LogLine } from '../log';
import { nodeOf, otherNodes } from '../node-of';
import type { Io } from '../io';
import type { OnAway } from '../patience';
import { STREAM_HELP, streams, wholeFrom } from './arguments';
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
  stream?: string[];
  system?: boolean;
}

interface LogsOptions extends LogFilters {
  follow?: boolean;
  timestamps?: boolean;
  node?: number;
}

export const TIME_HELP = 'a time such as 2026-11-24T03:42:31Z, or how long ago, such as 10m';

export function addLogsCommand(program: Command, context: Context): void {
  program
    .command('logs')
    .summary('print the log of a run, or follow it')
    .description(
      'Prints the lines of a training. With -f it goes on until the run has ended. Where lines are missing, standard error says so. To search the logs of all runs: trainyard grep.',
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
    .option(
      '--node <rank>',
      'of a gang: the log of this node in its newest attempt, or in that of --attempt',
      wholeFrom(0),
    )
    .option('--stream <stream>', STREAM_HELP, streams)
    .option('--system', "also Trainyard's own remarks, such as where an attempt begins")
    .action(async (typed: string, options: LogsOptions, command: Command) =>
      printLog(context, command, { typed, ...options }),
    );
}

async function printLog(
  { io, exit }: Context,
  command: Command,
  { typed, ...options }: LogsOptions & { typed: string },
): Promise<void> {
  const api = apiOf(command);
  const run = await findRun(api, typed);
  const write = wantsJson(command)
    ? (line: LogLine): void => io.out(`${JSON.stringify(line)}\n`)
    : (line: LogLine): void => writeForPeople(io, line, options);
  const hint = options.node === undefined ? otherNodes(run) : null;
  if (options.follow) io.catchInterrupt();
  if (options.follow) tell(io, hint);
  const onAway = (away: boolean): void =>
    io.err(away ? 'The server does not answer; asking again.\n' : 'The server is back.\n');
  for await (const line of linesOf(api, run, options, { signal: io.interrupted, onAway })) write(line);
  if (io.interrupted.aborted) exit(EXIT.interrupted);
  else if (!options.follow) tell(io, hint);
}

/** A note that was not asked for is said beside the lines, so that standard output has what the training printed alone. */
function writeForPeople(io: Io, line: LogLine, { timestamps, system, stream }: LogsOptions): void {
  if (line.note !== undefined && system !== true && stream === undefined) tell(io, formatNote(line));
  else io.out(formatLogLine(line, timestamps === true, io));
}

async function* linesOf(
  api: ApiClient,
  run: RunDetail,
  { follow, node: rank = 0, timestamps: _timestamps, ...filters }: LogsOptions,
  following: { signal: AbortSignal; onAway: OnAway },
): AsyncIterable<LogLine> {
  const { signal } = following;
  const { attempt } = filters;
  const id = rank === 0 ? run.id : await nodeOf(api, run, { rank, attempt }, follow ? following : null);
  if (id === null) return;
  // A node has one attempt: that of the gang which was chosen.
  const query: Query = rank === 0 ? { ...filters } : { ...filters, attempt: undefined };
  yield* follow ? followLog(api, id, { query, ...following }) : readLog(api, id, { query, signal });
}

function tell(io: Io, sentence: string | null): void {
  if (sentence !== null) io.err(`${sentence}\n`);
}
