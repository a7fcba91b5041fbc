import { END_STATES, RUN_STATES, type RunState } from '../../contract/state';
import type { RunStats } from '../run-store';
import type { Database } from './database';

/** Durations are those of this many succeeded runs at most, the newest. */
const DURATIONS = 1_000;
const DAY_MS = 86_400_000;

/** Statistics of all runs, from counters that the tables keep, so that they cost the same at any number of runs. */
export function readStats(database: Database, now: Date): RunStats {
  const counts = readCounts(database);
  const byState = Object.fromEntries(RUN_STATES.map((state) => [state, 0])) as Record<RunState, number>;
  const byReason: Record<string, number> = {};
  for (const { state, reason, runs } of counts) {
    byState[state] += runs;
    if (reason !== '' && isEnded(state)) byReason[reason] = (byReason[reason] ?? 0) + runs;
  }

  const ended = END_STATES.reduce((sum, state) => sum + byState[state], 0);
  return {
    total: Object.values(byState).reduce((sum, runs) => sum + runs, 0),
    byState,
    byReason,
    successRate: ended === 0 ? null : byState.succeeded / ended,
    medianDurationSeconds: median(readDurations(database)),
    last24Hours: countSince(database, new Date(now.getTime() - DAY_MS)),
  };
}

function readCounts(database: Database): { state: RunState; reason: string; runs: number }[] {
  const rows = database.prepare('SELECT state, reason, runs FROM run_counts WHERE runs > 0').all();
  return rows as { state: RunState; reason: string; runs: number }[];
}

function isEnded(state: RunState): boolean {
  return (END_STATES as readonly RunState[]).includes(state);
}

/** Seconds from the start to the end of the newest succeeded runs. */
function readDurations(database: Database): number[] {
  const rows = database
    .prepare(
      `SELECT started_at, ended_at FROM runs WHERE state = 'succeeded' AND +gang_of IS NULL ORDER BY created_at DESC, id DESC LIMIT ${DURATIONS}`,
    )
    .all() as { started_at: string | null; ended_at: string | null }[];
  return rows.flatMap(({ started_at: startedAt, ended_at: endedAt }) =>
    startedAt === null || endedAt === null ? [] : [(Date.parse(endedAt) - Date.parse(startedAt)) / 1000],
  );
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

function countSince(database: Database, since: Date): number {
  const row = database
    .prepare('SELECT count(*) AS runs FROM runs WHERE created_at > ? AND +gang_of IS NULL')
    .get(since.toISOString());
  return (row as { runs: number }).runs;
}
