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
  labels: string;
  created_at: string;
}

function applyUpdate(statements: Statements, { revision, run, attempts, events, spec }: RunUpdate): void {
  const stored = statements.selectRun.get(run.id) as StoredHead | undefined;
  const specText = spec === undefined ? null : JSON.stringify(spec);
  if (stored === undefined || revision > stored.revision) {
    const row = rowFromRun(run);
    statements.upsertRun.run(...values(row, RUN_COLUMNS), revision, specText);
    if (stored?.labels !== row.labels || stored.created_at !== row.created_at) writeLabels(statements, row, run.labels);
    writeAttempts(statements, run.id, attempts);
  } else if (specText !== null) {
    statements.fillSpec.run(specText, run.id);
  }
  writeEvents(statements, events);
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

function writeEvents(statements: Statements, events: readonly RunEvent[]): void {
  for (const { runId, seq, at, type, state, attempt, message } of events) {
    statements.insertEvent.run(runId, seq, at, type, state, attempt, message);
  }
}

function prepareStatements(database: Database) {
  return {
    selectRun: database.prepare('SELECT revision, labels, created_at FROM runs WHERE id = ?'),
    upsertRun: database.prepare(`
      INSERT INTO runs (${RUN_COLUMNS.join(', ')}, revision, spec) VALUES (${marks(RUN_COLUMNS.length + 2)})
      ON CONFLICT (id) DO UPDATE SET ${assignments([...RUN_COLUMNS, 'revision'])}, spec = coalesce(excluded.spec, runs.spec)`),
    fillSpec: database.prepare('UPDATE runs SET spec = ? WHERE id = ? AND spec IS NULL'),
    deleteLabels: database.prepare('DELETE FROM labels WHERE run_id = ?'),
    insertLabel: database.prepare('INSERT INTO labels (run_id, key, value, created_at) VALUES (?, ?, ?, ?)'),
    upsertAttempt: database.prepare(`
      INSERT INTO attempts (run_id, ${ATTEMPT_COLUMNS.join(', ')}) VALUES (${marks(ATTEMPT_COLUMNS.length + 1)})
      ON CONFLICT (run_id, number) DO UPDATE SET ${assignments(ATTEMPT_COLUMNS)}`),
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
