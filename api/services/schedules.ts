import { neverComes } from '../../contract/cron-days';
import { type Fault, InvalidInputError } from '../../contract/fault';
import {
  isTimeZone,
  type OverlapPolicy,
  type Schedule,
  type ScheduleInput,
  ScheduleInputSchema,
  type ScheduleReplacement,
  ScheduleReplacementSchema,
} from '../../contract/schedule';
import { liesIn, pathBelow } from '../../contract/path';
import { parseDuration } from '../../contract/units';
import { checkShape } from '../../contract/validate-shape';
import { ProblemError } from '../problem-error';
import type { ScheduledRunFacts } from '../temporal/schedule-form';
import { admit, presentRun } from './admission';
import type { Services } from './services';

const MIN_CATCH_UP_MS = 10_000;
const EMPTY = { path: '', message: 'the body is empty; send a schedule, see /docs' };

/** @throws {InvalidInputError} with every fault, those of the run below `run`; {@link ProblemError} `name-taken`. */
export async function createSchedule(services: Services, body: unknown): Promise<Schedule> {
  const { name, ...input } = await checkSchedule<ScheduleInput>(services, ScheduleInputSchema, body);
  await services.temporal.schedules.create(name, input, await factsOf(services, input));
  return services.temporal.schedules.get(name);
}

export async function replaceSchedule(services: Services, name: string, body: unknown): Promise<Schedule> {
  const input = await checkSchedule<ScheduleReplacement>(services, ScheduleReplacementSchema, body);
  await services.temporal.schedules.replace(name, input, await factsOf(services, input));
  return services.temporal.schedules.get(name);
}

export async function pauseSchedule({ temporal }: Services, name: string, note?: string): Promise<Schedule> {
  await temporal.schedules.pause(name, note || 'Paused over the API.');
  return temporal.schedules.get(name);
}

export async function unpauseSchedule({ temporal }: Services, name: string, note?: string): Promise<Schedule> {
  await temporal.schedules.unpause(name, note || 'Unpaused over the API.');
  return temporal.schedules.get(name);
}

/** Starts a run now. Where the overlap policy would leave it out, that is said and not passed over. */
export async function triggerSchedule(
  { temporal }: Services,
  name: string,
  overlap: OverlapPolicy | undefined,
): Promise<Schedule> {
  const schedule = await temporal.schedules.get(name);
  const policy = overlap ?? schedule.overlap;
  const [running] = schedule.runningRuns;
  if (policy === 'skip' && running !== undefined) {
    const detail = `The run "${running}" is going on, and the overlap policy is "skip"; wait for it, or send {"overlap": "allow-all"} to run both.`;
    throw new ProblemError('already-running', detail);
  }
  await temporal.schedules.trigger(name, policy);
  return temporal.schedules.get(name);
}

async function factsOf(services: Services, { run }: ScheduleReplacement): Promise<ScheduledRunFacts> {
  return presentRun(await admit(run, services));
}

async function checkSchedule<T extends ScheduleReplacement>(
  services: Services,
  schema: typeof ScheduleInputSchema | typeof ScheduleReplacementSchema,
  body: unknown,
): Promise<T> {
  if (body === undefined) throw new InvalidInputError([EMPTY], 'The schedule');
  const shapeFaults = checkShape(schema, body).filter(({ path }) => !liesIn(path, 'run'));
  // The faults of the run are told by the check of submissions, which knows recipes and what is not supported yet.
  const run = (body as { run?: unknown } | null)?.run;
  const runFaults =
    run === undefined
      ? [{ path: 'run', message: 'is missing; write a run spec or a recipe' }]
      : await runFaultsOf(run, services);
  const faults = [...shapeFaults, ...runFaults];
  if (shapeFaults.length === 0) faults.push(...timingFaults(body as T), ...catchUpFaults(body as T));
  if (faults.length > 0) throw new InvalidInputError(faults, 'The schedule');
  return body as T;
}

async function runFaultsOf(run: unknown, services: Services): Promise<Fault[]> {
  try {
    await admit(run, services);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.faults.map(({ path, message }) => ({ path: pathBelow('run', path), message }));
  }
}

function timingFaults({ cron, timeZone, every, offset }: ScheduleReplacement): Fault[] {
  if ((cron === undefined) === (every === undefined)) {
    return [{ path: '', message: 'write exactly one of `cron` and `every`' }];
  }
  return cron === undefined ? intervalFaults(every!, offset, timeZone) : cronFaults(cron, timeZone, offset);
}

function cronFaults(cron: string, timeZone: string | undefined, offset: string | undefined): Fault[] {
  const faults: Fault[] = [];
  if (neverComes(cron)) {
    const message = `"${cron}" never comes: none of its months has such a day; write a day that they have, or other months`;
    faults.push({ path: 'cron', message });
  }
  const mend = 'write the IANA name of a time zone, such as "UTC" or "Europe/Berlin"';
  if (timeZone === undefined) faults.push({ path: 'timeZone', message: `is missing beside \`cron\`; ${mend}` });
  else if (!isTimeZone(timeZone)) faults.push({ path: 'timeZone', message: `"${timeZone}" is no time zone; ${mend}` });
  if (offset !== undefined) faults.push({ path: 'offset', message: 'belongs to `every`; write the minute in `cron`' });
  return faults;
}

function intervalFaults(every: string, offset: string | undefined, timeZone: string | undefined): Fault[] {
  const faults: Fault[] = [];
  const everyMs = parseDuration(every);
  if (everyMs < 1_000 || everyMs % 1_000 !== 0) {
    faults.push({ path: 'every', message: `"${every}" is not whole seconds, 1s or more` });
  }
  const offsetMs = parseDuration(offset ?? '0s');
  if (offsetMs % 1_000 !== 0 || offsetMs >= everyMs) {
    faults.push({ path: 'offset', message: `"${offset}" is not whole seconds less than \`every\`` });
  }
  if (timeZone !== undefined) {
    faults.push({ path: 'timeZone', message: 'belongs to `cron`; an interval is the same everywhere' });
  }
  return faults;
}

function catchUpFaults({ catchUpWindow }: ScheduleReplacement): Fault[] {
  if (catchUpWindow === undefined || parseDuration(catchUpWindow) >= MIN_CATCH_UP_MS) return [];
  return [{ path: 'catchUpWindow', message: `"${catchUpWindow}" is less than 10s; write 10s or more` }];
}
