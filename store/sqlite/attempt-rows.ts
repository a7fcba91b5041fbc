import type { Attempt } from '../../contract/run';
import { parsed, written } from './rows';

/** Rows of attempts; those of runs and events are in store/sqlite/rows. */

export interface AttemptRow {
  number: number;
  host: string | null;
  form: Attempt['form'];
  container_id: string | null;
  image_digest: string | null;
  reason: Attempt['reason'];
  message: string | null;
  exit_code: number | null;
  started_at: string | null;
  ended_at: string | null;
  log_lines: number | null;
  log_gaps: number | null;
  changes: string;
  evidence: string | null;
  machine: string | null;
  nodes: string;
}

export const ATTEMPT_COLUMNS = [
  'number',
  'host',
  'form',
  'container_id',
  'image_digest',
  'reason',
  'message',
  'exit_code',
  'started_at',
  'ended_at',
  'log_lines',
  'log_gaps',
  'changes',
  'evidence',
  'machine',
  'nodes',
] as const satisfies readonly (keyof AttemptRow)[];

export function attemptFromRow(row: AttemptRow): Attempt {
  return {
    number: row.number,
    host: row.host,
    form: row.form,
    containerId: row.container_id,
    imageDigest: row.image_digest,
    reason: row.reason,
    message: row.message,
    exitCode: row.exit_code,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    logLines: row.log_lines,
    logGaps: row.log_gaps,
    changes: JSON.parse(row.changes) as string[],
    evidence: parsed(row.evidence),
    machine: parsed(row.machine),
    nodes: JSON.parse(row.nodes) as Attempt['nodes'],
  };
}

export function rowFromAttempt(attempt: Attempt): AttemptRow {
  return {
    number: attempt.number,
    host: attempt.host,
    form: attempt.form,
    container_id: attempt.containerId,
    image_digest: attempt.imageDigest,
    reason: attempt.reason,
    message: attempt.message,
    exit_code: attempt.exitCode,
    started_at: attempt.startedAt,
    ended_at: attempt.endedAt,
    log_lines: attempt.logLines,
    log_gaps: attempt.logGaps,
    changes: JSON.stringify(attempt.changes),
    evidence: written(attempt.evidence),
    machine: written(attempt.machine),
    nodes: JSON.stringify((attempt as Partial<Attempt>).nodes ?? []),
  };
}
