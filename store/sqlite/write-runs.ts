import type { Attempt, Run, RunEvent, RunUpdate } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { inTransaction, type Database } from './database';
import { ATTEMPT_COLUMNS, rowFromAttempt } from './attempt-rows';
import { RUN_COLUMNS, rowFromRun, type RunRow } from './rows';

/** The revision of a run whose workflow has not reported yet: below every revision that it can report. */
const NOT_REPORTED = -1;

export interface RunWriter {
  insertQueued: (run: Run, spec: RunSpec) => void;
  applyUpdate: (update: RunUpdate) => void;
}

export function createRunWriter(database: Database): RunWriter {
  const statements = prepareStatements(database);
  return {
    insertQueued: (run, spec) =>
      inTransaction(database, () => {
        if (statements.selectRun.get(run.id) !== undefined) return;
        const row = rowFromRun(run);
        statements.upsertRun.run(...values(row, RUN_COLUMNS), NOT_REPORTED, JSON.stringify(spec));
        writeLabels(statements, row, run.labels);
      }),
    applyUpdate: (update) => inTransaction(database, () => applyUpdate(statements, update)),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

interface StoredHead {
  revision: number;
  execution: string | null;
  event_shift: number | null;
  labels: string;
  created_at: string;
}

function applyUpdate(statements: Statements, { revision, execution, run, attempts, events, spec }: RunUpdate): void {
  const stored = statements.selectRun.get(run.id) as StoredHead | undefined;
  const specText = spec === undefined ? null : JSON.stringify(spec);
  const isOther = execution !== undefined && execution !== (stored?.execution ?? null);
  if (stored === undefined || isOther || revision > stored.revision) {
    const row = rowFromRun(run);
    statements.upsertRun.run(...values(row, RUN_COLUMNS), revision, specText);
    if (isOther) {
      statements.changeExecution.run(execution, run.id);
      // A reset takes a run back to before some of them.
      statements.deleteLaterAttempts.run(run.id, run.attempt);
    }
    if (stored?.labels !== row.labels || stored.created_at !== row.created_at) writeLabels(statements, row, run.labels);
    writeAttempts(statements, run.id, attempts);
  } else if (specText !== null) {
    statements.fillSpec.run(specText, run.id);
  }
  writeEvents(statements, run.id, events, isOther ? null : (stored?.event_shift ?? null));
}

function writeLabels(statements: Statements, row: RunRow, labels: Run['labels']): void {
  statements.deleteLabels.run(row.id);
  for (const [key, value] of Object.entries(labels)) {
    statements.insertLabel.run(row.id, key, value, row.created_at);
  }
}

function writeAttempts(statements: Statements, runId: string, attempts: readonly Attempt[]): void {
  for (const attempt of attempts) {
    statements.upsertAttempt.run(runId, ...values(rowFromAttempt(attempt), ATTEMPT_COLUMNS));
  }
}

/** @param knownShift null where the execution that tells them has told none before. */
function writeEvents(statements: Statements, id: string, events: readonly RunEvent[], knownShift: number | null): void {
  const [first] = events;
  if (first === undefined) return;
  const shift = knownShift ?? shiftBehind(statements, id, first.seq);
  for (const { runId, seq, at, type, state, attempt, message } of events) {
    statements.insertEvent.run(runId, seq + shift, at, type, state, attempt, message);
  }
}

/** Has the first event of an execution come right after those that are stored, so that a number is never given twice. */
function shiftBehind(statements: Statements, id: string, firstSeq: number): number {
  const { newest } = statements.newestEvent.get(id) as { newest: number };
  const shift = Math.max(0, newest + 1 - firstSeq);
  statements.setEventShift.run(shift, id);
  return shift;
}

function prepareStatements(database: Database) {
  return {
    selectRun: database.prepare('SELECT revision, execution, event_shift, labels, created_at FROM runs WHERE id = ?'),
    upsertRun: database.prepare(`
      INSERT INTO runs (${RUN_COLUMNS.join(', ')}, revision, spec) VALUES (${marks(RUN_COLUMNS.length + 2)})
      ON CONFLICT (id) DO UPDATE SET ${assignments([...RUN_COLUMNS, 'revision'])}, spec = coalesce(excluded.spec, runs.spec)`),
    fillSpec: database.prepare('UPDATE runs SET spec = ? WHERE id = ? AND spec IS NULL'),
    changeExecution: database.prepare('UPDATE runs SET execution = ?, event_shift = NULL WHERE id = ?'),
    newestEvent: database.prepare('SELECT coalesce(max(seq), 0) AS newest FROM events WHERE run_id = ?'),
    setEventShift: database.prepare('UPDATE runs SET event_shift = ? WHERE id = ?'),
    deleteLabels: database.prepare('DELETE FROM labels WHERE run_id = ?'),
    insertLabel: database.prepare('INSERT INTO labels (run_id, key, value, created_at) VALUES (?, ?, ?, ?)'),
    upsertAttempt: database.prepare(`
      INSERT INTO attempts (run_id, ${ATTEMPT_COLUMNS.join(', ')}) VALUES (${marks(ATTEMPT_COLUMNS.length + 1)})
      ON CONFLICT (run_id, number) DO UPDATE SET ${assignments(ATTEMPT_COLUMNS)}`),
    deleteLaterAttempts: database.prepare('DELETE FROM attempts WHERE run_id = ? AND number > ?'),
    insertEvent: database.prepare(`
      INSERT INTO events (run_id, seq, at, type, state, attempt, message) VALUES (${marks(7)})
      ON CONFLICT (run_id, seq) DO NOTHING`),
  };
}

function values<Row, Column extends keyof Row>(row: Row, columns: readonly Column[]): Row[Column][] {
  return columns.map((column) => row[column]);
}

function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

function assignments(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(', ');
}
