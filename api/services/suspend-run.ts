import type { Run } from '../../contract/run';
import { isEndState, type RunState } from '../../contract/state';
import { alreadyEnded } from '../problem-error';
import { findRun } from './find-run';
import type { Services } from './services';

export interface Asked {
  /** As it was when it was asked. */
  run: Run;
  /** True where, for all that is known, it was as it should be already. */
  isSo: boolean;
}

/**
 * Asks a run to give up its container and to wait.
 *
 * @param by who asks, for the run's events; default "the API".
 * @throws {ProblemError} `already-ended`, `not-found`, `temporal-unavailable`.
 */
export async function suspendRun(services: Services, runId: string, by = 'the API'): Promise<Asked> {
  const run = await ask(services, runId, 'suspend', by);
  return { run, isSo: run.state === 'suspended' };
}

/** States of a run that waits because it was suspended, or may be about to. */
const HELD: readonly RunState[] = ['suspended', 'stopping', 'unreachable'];

/**
 * Lets a suspended run go on, and one that is about to be suspended. The same parameters and errors as above.
 *
 * It is asked in every state: what is known of a run may be a moment old, and one that goes on is not changed by it.
 */
export async function resumeRun(services: Services, runId: string, by = 'the API'): Promise<Asked> {
  const run = await ask(services, runId, 'resume', by);
  return { run, isSo: !HELD.includes(run.state) };
}

/** The run as it was when it was asked. */
async function ask(services: Services, runId: string, what: 'suspend' | 'resume', by: string): Promise<Run> {
  const { run } = await findRun(services, runId);
  const isAlive = !isEndState(run.state) && (await services.temporal.runs[what](runId, by));
  if (!isAlive) throw alreadyEnded((await findRun(services, runId)).run, what);
  return run;
}
