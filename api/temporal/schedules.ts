import { type ScheduleClient, ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';

import { scheduleIdFor } from '../../contract/names';
import type { OverlapPolicy, Schedule, ScheduleReplacement, ScheduleSummary } from '../../contract/schedule';
import { invalidInput, ProblemError } from '../problem-error';
import type { TemporalCaller } from './calls';
import { fromDescription, fromSummary, type ScheduledRunFacts, toTemporal, toTemporalOverlap } from './schedule-form';

/** Schedules of runs. All but `create` and `list` fail with `not-found` for a schedule that there is not. */
export interface ScheduleGateway {
  /** Fails with `name-taken`, and with `invalid-input` for times that Temporal does not understand. */
  create(name: string, input: ScheduleReplacement, facts: ScheduledRunFacts): Promise<void>;
  replace(name: string, input: ScheduleReplacement, facts: ScheduledRunFacts): Promise<void>;
  get(name: string): Promise<Schedule>;
  list(): Promise<ScheduleSummary[]>;
  delete(name: string): Promise<void>;
  pause(name: string, note: string): Promise<void>;
  unpause(name: string, note: string): Promise<void>;
  trigger(name: string, overlap: OverlapPolicy): Promise<void>;
}

export function createScheduleGateway(schedules: ScheduleClient, call: TemporalCaller): ScheduleGateway {
  const handle = (name: string) => schedules.getHandle(scheduleIdFor(name));
  return {
    create: (name, input, facts) => translated(name, () => create(schedules, call, name, input, facts)),
    replace: (name, input, facts) => translated(name, () => replace(schedules, call, name, input, facts)),
    get: (name) => translated(name, () => describe(schedules, call, name)),
    list: () => call.ask(() => list(schedules)),
    delete: (name) => translated(name, () => call(() => handle(name).delete())),
    pause: (name, note) => translated(name, () => call(() => handle(name).pause(note))),
    unpause: (name, note) => translated(name, () => call(() => handle(name).unpause(note))),
    trigger: (name, overlap) => translated(name, () => call(() => handle(name).trigger(toTemporalOverlap(overlap)))),
  };
}

async function create(
  schedules: ScheduleClient,
  call: TemporalCaller,
  name: string,
  input: ScheduleReplacement,
  facts: ScheduledRunFacts,
): Promise<void> {
  const body = toTemporal(name, input, facts);
  const state = { paused: input.paused ?? false, note: input.note };
  await withTimingFaults(() => call.make(() => schedules.create({ ...body, state, scheduleId: scheduleIdFor(name) })));
}

async function replace(
  schedules: ScheduleClient,
  call: TemporalCaller,
  name: string,
  input: ScheduleReplacement,
  facts: ScheduledRunFacts,
): Promise<void> {
  const body = toTemporal(name, input, facts);
  // The client looks at the schedule first, which Temporal may lose. Made twice, it has the effect of once.
  await withTimingFaults(() =>
    call.ask(() =>
      schedules.getHandle(scheduleIdFor(name)).update(({ state }) => ({
        ...body,
        state: { ...state, paused: input.paused ?? state.paused, note: input.note ?? state.note },
      })),
    ),
  );
}

async function describe(schedules: ScheduleClient, call: TemporalCaller, name: string): Promise<Schedule> {
  const schedule = fromDescription(await call.ask(() => schedules.getHandle(scheduleIdFor(name)).describe()));
  if (!schedule) throw scheduleNotFound(name);
  return schedule;
}

async function list(schedules: ScheduleClient): Promise<ScheduleSummary[]> {
  const found: ScheduleSummary[] = [];
  for await (const summary of schedules.list()) {
    const ours = fromSummary(summary);
    if (ours) found.push(ours);
  }
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function translated<T>(name: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) throw scheduleNotFound(name);
    if (error instanceof ScheduleAlreadyRunning) {
      throw new ProblemError('name-taken', `There is a schedule "${name}" already; choose another name, or PUT it.`);
    }
    throw error;
  }
}

/** Temporal's client throws a TypeError for times that the server refuses. */
async function withTimingFaults(operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const path = /time ?zone/i.test(error.message) ? 'timeZone' : 'cron';
    throw invalidInput([{ path, message: `cannot be used: ${error.message}` }]);
  }
}

function scheduleNotFound(name: string): ProblemError {
  return new ProblemError('not-found', `There is no schedule "${name}"; GET /v1/schedules lists those there are.`);
}
