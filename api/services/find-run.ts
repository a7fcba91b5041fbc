import { isRunId } from '../../contract/names';
import type { PullProgress } from '../../contract/activities';
import type { Attempt, Run } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { runNotFound } from '../problem-error';
import { withSeals } from './sealed-attempts';
import type { Services } from './services';

export interface FoundRun {
  run: Run;
  attempts: Attempt[];
  /** Null where only the workflow was asked, which does not tell it. */
  spec: RunSpec | null;
}

/**
 * A run from the read model, or, where that does not have it yet, from its workflow: one that was started by hand, or while
 * the store was away.
 *
 * @throws {ProblemError} `not-found`, `not-known-yet`, `temporal-unavailable`.
 */
export async function findRun({ runStore, temporal }: Services, runId: string): Promise<FoundRun> {
  if (!isRunId(runId)) throw runNotFound(runId);
  const stored = await runStore.getRun(runId);
  if (stored) return stored;
  const status = await temporal.runs.status(runId);
  if (!status) throw runNotFound(runId);
  return { ...status, spec: null };
}

/** A run as it is looked at: with the progress of its pull while there is one, and what its log tells of its attempts. */
export async function lookAtRun(services: Services, runId: string): Promise<FoundRun & { pull: PullProgress | null }> {
  const found = await findRun(services, runId);
  const attempts = await withSeals(services.logStore, runId, found.attempts);
  return { ...found, attempts, pull: found.run.state === 'pulling' ? await pullProgress(services, runId) : null };
}

/** It is an extra: a Temporal that is away shall not keep a run from being looked at. */
async function pullProgress({ temporal, logger }: Services, runId: string): Promise<PullProgress | null> {
  try {
    return await temporal.runs.pullProgress(runId);
  } catch (error) {
    logger.debug({ err: error, runId }, 'The progress of a pull is not known');
    return null;
  }
}
