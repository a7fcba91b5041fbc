import { type Command, InvalidArgumentError } from 'commander';
import { readFile } from 'node:fs/promises';

import { OVERLAP_POLICIES, type OverlapPolicy, type Schedule, type ScheduleSummary } from '../../contract/schedule';
import { UsageError } from '../errors';
import { relativeTime, table } from '../format';
import type { Io } from '../io';
import { buildSubmission } from '../submission';
import { apiOf, collect, type Context, printJson, userOf, wantsJson } from './context';
import { addPlaceOptions, type PlaceOptions } from './place-options';

interface CreateOptions extends PlaceOptions {
  cron?: string;
  timeZone?: string;
  every?: string;
  offset?: string;
  recipe?: string;
  param?: string[];
  set?: string[];
  label?: string[];
  overlap?: OverlapPolicy;
  catchUpWindow?: string;
  note?: string;
  paused?: boolean;
}

const DEFAULT_NEXT = 5;

export function addScheduleCommand(program: Command, context: Context): void {
  const schedule = program.command('schedule').summary('training that recurs');
  addCreate(schedule, context);
  addLooking(schedule, context);
  addChanging(schedule, context);
}

function addCreate(schedule: Command, context: Context): void {
  const { io } = context;
  const create = schedule
    .command('create')
    .summary('make a schedule')
    .argument('<name>', 'name of the schedule')
    .argument('[file]', 'run spec; or use --recipe')
    .option('--cron <fields>', 'when, such as "0 3 * * MON-FRI"; with --time-zone')
    .option('--time-zone <name>', 'time zone of --cron, such as Europe/Berlin (default: UTC)')
    .option('--every <duration>', 'or: each time this long has passed, such as 6h')
    .option('--offset <duration>', 'moves the times of --every')
    .option('-r, --recipe <name>', 'recipe of the runs')
    .option('-p, --param <name=value>', 'parameter of the training; repeatable', collect)
    .option('-l, --label <name=value>', 'label of the runs; repeatable', collect)
    .option('--set <path=value>', 'any other field of the run; repeatable', collect);
  addPlaceOptions(create)
    .option(
      '--overlap <policy>',
      `while an earlier run goes on: ${OVERLAP_POLICIES.join(', ')} (default: skip)`,
      overlap,
    )
    .option('--catch-up-window <duration>', 'times missed no longer ago than this are made up for (default: 1h)')
    .option('--note <text>', 'for people')
    .option('--paused', 'start no runs until it is unpaused')
    .action(async (name: string, file: string | undefined, options: CreateOptions, command: Command) => {
      const body = await scheduleBody(name, file, { ...options, user: userOf(context) });
      const made = await apiOf(command).send<Schedule>('POST', '/v1/schedules', body);
      if (wantsJson(command)) return printJson(io, made);
      io.out(`${made.name}\n`);
      const [next] = made.nextTimes;
      if (next !== undefined) io.err(`Next run ${relativeTime(next, Date.now())}, at ${next}.\n`);
    });
}

async function scheduleBody(
  name: string,
  file: string | undefined,
  options: CreateOptions & { user: string | undefined },
): Promise<object> {
  const { cron, every, offset, timeZone, overlap: whileRunning, catchUpWindow, note, paused, ...ofRun } = options;
  const timing = { every, offset, overlap: whileRunning, catchUpWindow, note, paused };
  if (file === undefined && ofRun.recipe === undefined) {
    throw new UsageError(
      'Name a file or a recipe, such as: trainyard schedule create nightly --cron "0 3 * * *" -r digits',
    );
  }
  const text = file === undefined ? null : await readFile(file, 'utf8').catch(unreadable(file));
  const zone = cron === undefined ? timeZone : (timeZone ?? 'UTC');
  const run = buildSubmission(text, ofRun);
  return {
    name,
    ...timing,
    ...(cron === undefined ? {} : { cron }),
    ...(zone === undefined ? {} : { timeZone: zone }),
    run,
  };
}

function unreadable(file: string): (error: unknown) => never {
  return (error) => {
    throw new UsageError(`The file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  };
}

function addLooking(schedule: Command, { io }: Context): void {
  schedule
    .command('ls')
    .summary('list schedules')
    .action(async (_: object, command: Command) => {
      const page = await apiOf(command).get<{ items: ScheduleSummary[] }>('/v1/schedules');
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No schedules. Make one: trainyard schedule create --help\n');
      io.out(`${tableOfSchedules(page.items, Date.now()).join('\n')}\n`);
    });
  schedule
    .command('show')
    .summary('show a schedule')
    .argument('<name>')
    .action(async (name: string, _: object, command: Command) => {
      const found = await apiOf(command).get<Schedule>(schedulePath(name));
      if (wantsJson(command)) return printJson(io, found);
      io.out(`${describeSchedule(found, Date.now()).join('\n')}\n`);
    });
  schedule
    .command('next')
    .summary('print the next times of a schedule')
    .argument('<name>')
    .option('-n, --limit <number>', 'how many', count, DEFAULT_NEXT)
    .action(async (name: string, { limit }: { limit: number }, command: Command) => {
      const { nextTimes } = await apiOf(command).get<Schedule>(schedulePath(name));
      const times = nextTimes.slice(0, limit);
      if (wantsJson(command)) return printJson(io, { items: times });
      for (const time of times) io.out(`${time}  ${relativeTime(time, Date.now())}\n`);
    });
}

function addChanging(schedule: Command, { io }: Context): void {
  const verbs = [
    { verb: 'pause', summary: 'start no more runs', done: 'is paused' },
    { verb: 'unpause', summary: 'start runs again', done: 'is active' },
    { verb: 'trigger', summary: 'start a run now', done: 'is triggered' },
  ] as const;
  for (const { verb, summary, done } of verbs) {
    schedule
      .command(verb)
      .summary(summary)
      .argument('<name>')
      .action(async (name: string, _: object, command: Command) => {
        const answer = await apiOf(command).send('POST', `${schedulePath(name)}/${verb}`, {});
        acknowledge(io, command, name, done, answer);
      });
  }
  schedule
    .command('delete')
    .summary('delete a schedule; its runs stay')
    .argument('<name>')
    .action(async (name: string, _: object, command: Command) => {
      await apiOf(command).send('DELETE', schedulePath(name));
      acknowledge(io, command, name, 'is deleted', undefined);
    });
}

function acknowledge(io: Io, command: Command, name: string, done: string, answer: unknown): void {
  if (wantsJson(command)) printJson(io, answer ?? { name });
  else io.out(`${name} ${done}\n`);
}

function tableOfSchedules(schedules: readonly ScheduleSummary[], nowMs: number): string[] {
  return table(
    ['NAME', 'WHEN', 'STATE', 'NEXT', 'LAST RUN'],
    schedules.map((schedule) => [
      schedule.name,
      whenOf(schedule),
      schedule.paused ? 'paused' : 'active',
      schedule.paused || !schedule.nextTimes[0] ? '-' : relativeTime(schedule.nextTimes[0], nowMs),
      schedule.recentRuns[0]?.runId ?? '-',
    ]),
  );
}

function describeSchedule(schedule: Schedule, nowMs: number): string[] {
  const rows: [string, string][] = [
    ['name', schedule.name],
    ['when', whenOf(schedule)],
    ['state', schedule.paused ? 'paused' : 'active'],
    ['note', schedule.note ?? ''],
    ['run', JSON.stringify(schedule.run)],
    ['overlap', schedule.overlap],
    ['catch-up', schedule.catchUpWindow],
    ['skipped', String(schedule.skippedRuns)],
    ['missed', String(schedule.missedRuns)],
    ...schedule.runningRuns.map((id): [string, string] => ['running', id]),
    ...schedule.nextTimes.map((time): [string, string] => ['next', `${time}  ${relativeTime(time, nowMs)}`]),
    ...schedule.recentRuns.map(({ runId, startedAt }): [string, string] => ['recent', `${startedAt}  ${runId}`]),
  ];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => `${label.padEnd(9)} ${value}`);
}

function whenOf({ cron, timeZone, every, offset }: ScheduleSummary): string {
  return cron === undefined ? `every ${every}${offset ? ` + ${offset}` : ''}` : `${cron} ${timeZone ?? ''}`.trimEnd();
}

function schedulePath(name: string): string {
  return `/v1/schedules/${encodeURIComponent(name)}`;
}

function overlap(value: string): OverlapPolicy {
  const found = OVERLAP_POLICIES.find((policy) => policy === value);
  if (found === undefined) throw new InvalidArgumentError(`Write one of ${OVERLAP_POLICIES.join(', ')}.`);
  return found;
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Write a whole number from 1.');
  return number;
}
