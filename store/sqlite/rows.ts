import type { Run, RunEvent } from '../../contract/run';
import { PLAIN_CAPACITY } from '../../contract/run-capacity';

/** Rows as the tables hold them, and the way between them and what the contract calls them. */

export interface RunRow {
  id: string;
  name: string;
  state: Run['state'];
  reason: Run['reason'];
  message: string | null;
  attempt: number;
  host: string | null;
  exit_code: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  image: string;
  image_digest: string | null;
  recipe: string | null;
  schedule: string | null;
  rerun_of: string | null;
  pool: string;
  project: string;
  owner: string;
  priority: number;
  gpus: number;
  gang_of: string | null;
  rank: number | null;
  policy: string | null;
  first_failure: string | null;
  labels: string;
  params: string;
}

/** Columns of {@link RunRow}; the spec is left out, as it is large and lists do not show it. */
export const RUN_COLUMNS = [
  'id',
  'name',
  'state',
  'reason',
  'message',
  'attempt',
  'host',
  'exit_code',
  'created_at',
  'started_at',
  'ended_at',
  'image',
  'image_digest',
  'recipe',
  'schedule',
  'rerun_of',
  'pool',
  'project',
  'owner',
  'priority',
  'gpus',
  'gang_of',
  'rank',
  'policy',
  'first_failure',
  'labels',
  'params',
] as const satisfies readonly (keyof RunRow)[];

export function runFromRow(row: RunRow): Run {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    reason: row.reason,
    message: row.message,
    attempt: row.attempt,
    host: row.host,
    exitCode: row.exit_code,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    image: row.image,
    imageDigest: row.image_digest,
    recipe: row.recipe,
    schedule: row.schedule,
    rerunOf: row.rerun_of,
    pool: row.pool,
    project: row.project,
    owner: row.owner,
    priority: row.priority,
    gpus: row.gpus,
    gangOf: row.gang_of,
    rank: row.rank,
    policy: row.policy,
    firstFailure: parsed(row.first_failure),
    labels: JSON.parse(row.labels) as Run['labels'],
    params: JSON.parse(row.params) as Run['params'],
  };
}

export function rowFromRun(run: Run): RunRow {
  return {
    id: run.id,
    name: run.name,
    state: run.state,
    reason: run.reason,
    message: run.message,
    attempt: run.attempt,
    host: run.host,
    exit_code: run.exitCode,
    created_at: toInstant(run.createdAt),
    started_at: run.startedAt,
    ended_at: run.endedAt,
    image: run.image,
    image_digest: run.imageDigest,
    recipe: run.recipe,
    schedule: run.schedule,
    rerun_of: run.rerunOf,
    ...capacityColumns(run),
    policy: run.policy,
    first_failure: written(run.firstFailure),
    labels: JSON.stringify(run.labels),
    params: JSON.stringify(run.params),
  };
}

/** A report that was on its way when there were no pools and no gangs yet says nothing of them. */
function capacityColumns(
  run: Run,
): Pick<RunRow, 'pool' | 'project' | 'owner' | 'priority' | 'gpus' | 'gang_of' | 'rank'> {
  const { pool, project, owner, priority, gpus } = { ...PLAIN_CAPACITY, ...run };
  const said: Partial<Run> = run;
  return { pool, project, owner, priority, gpus, gang_of: said.gangOf ?? null, rank: said.rank ?? null };
}

export interface EventRow {
  position: number;
  run_id: string;
  seq: number;
  at: string;
  type: RunEvent['type'];
  state: RunEvent['state'];
  attempt: number;
  message: string;
}

export function eventFromRow(row: EventRow): RunEvent {
  return {
    runId: row.run_id,
    seq: row.seq,
    at: row.at,
    type: row.type,
    state: row.state,
    attempt: row.attempt,
    message: row.message,
  };
}

export function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export function written(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/**
 * An instant in the one form whose text order is time order: UTC with milliseconds.
 *
 * @throws {RangeError} if the text is no instant.
 */
export function toInstant(text: string): string {
  return new Date(text).toISOString();
}
