import { describeReason, REASONS } from '../../contract/reason';
import type { RunEnd } from '../run-store';
import { inTransaction, type Database } from './database';
import { toInstant } from './rows';

interface OpenRun {
  attempt: number;
}

/** Makes the act that ends a run whose workflow can report no more; see `RunStore.closeRun`. */
export function closeRunIn(database: Database): (id: string, end: RunEnd) => boolean {
  const select = database.prepare('SELECT attempt FROM runs WHERE id = ? AND ended_at IS NULL');
  // Whoever reports after this all the same goes on, and is taken at its word whatever its revision.
  const update = database.prepare(`
    UPDATE runs SET state = ?, reason = ?, message = ?, ended_at = ?, execution = NULL WHERE id = ?`);
  const updateAttempts = database.prepare(`
    UPDATE attempts SET reason = ?, message = ?, ended_at = coalesce(ended_at, ?) WHERE run_id = ? AND reason IS NULL`);
  const insertEvent = database.prepare(`
    INSERT INTO events (run_id, seq, at, type, state, attempt, message)
    SELECT ?, coalesce(max(seq), 0) + 1, ?, 'state-changed', ?, ?, ? FROM events WHERE run_id = ?`);

  return (id, { reason, message = describeReason(reason), endedAt }) =>
    inTransaction(database, () => {
      const open = select.get(id) as OpenRun | undefined;
      if (open === undefined) return false;
      const { state } = REASONS[reason];
      const at = toInstant(endedAt);
      update.run(state, reason, message, at, id);
      updateAttempts.run(reason, message, at, id);
      insertEvent.run(id, at, state, open.attempt, message, id);
      return true;
    });
}
