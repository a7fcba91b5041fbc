import { InvalidInputError } from '../../contract/fault';
import type { Task, TaskProgress } from '../../contract/http';
import type { Run } from '../../contract/run';
import { untilRemoved } from '../../store/errors';
import { findRun } from './find-run';
import type { Services } from './services';
import { submitRun } from './submit-run';

/** How many of the newest lines are searched for the newest numbers. */
const METRICS_WINDOW_LINES = 50;

/** Starts the default recipe; the body's fields are its parameters. */
export async function startTask(services: Services, body: unknown, idempotencyKey?: string): Promise<TaskStarted> {
  if (body !== undefined && !isObject(body)) {
    throw new InvalidInputError([{ path: '', message: 'must be an object such as {"epochs": 3, "batch_size": 16}' }]);
  }
  const submission = { recipe: services.config.defaultRecipe, params: body ?? {} };
  try {
    const { run, replayed } = await submitRun(services, submission, idempotencyKey);
    return { task: taskOf(run), replayed };
  } catch (error) {
    throw error instanceof InvalidInputError ? withBodyPaths(error) : error;
  }
}

interface TaskStarted {
  task: Task;
  replayed: boolean;
}

/** A run of any origin, with its newest numbers. */
export async function showTask(services: Services, taskId: string): Promise<TaskProgress> {
  const { run } = await findRun(services, taskId);
  return { ...taskOf(run), metrics: await newestMetrics(services, taskId) };
}

export function taskOf(run: Run): Task {
  const path = `/v1/runs/${encodeURIComponent(run.id)}`;
  const links = {
    self: `/train/${encodeURIComponent(run.id)}`,
    run: path,
    logs: `${path}/logs`,
    events: `${path}/events`,
  };
  return { task_id: run.id, status: run.state, ...run, links };
}

async function newestMetrics({ logStore }: Services, runId: string): Promise<Record<string, unknown> | null> {
  let newest: Record<string, unknown> | null = null;
  const read = logStore.read(runId, { tail: METRICS_WINDOW_LINES, streams: ['stdout'] });
  for await (const lines of untilRemoved(read)) {
    for (const { text } of lines) newest = parseObject(text) ?? newest;
  }
  return newest;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Most lines of a training are no JSON; that is not a fault.
    return undefined;
  }
}

/** The caller wrote `epochs`, not `params.epochs`. */
function withBodyPaths({ faults }: InvalidInputError): InvalidInputError {
  return new InvalidInputError(faults.map(({ path, message }) => ({ path: path.replace(/^params\.?/, ''), message })));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
