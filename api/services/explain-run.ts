import type { Explanation, Lease } from '../../contract/pool';
import type { RunExplanation } from '../../contract/pool-http';
import { describeReason } from '../../contract/reason';
import type { Run } from '../../contract/run';
import { isEndState, type RunState } from '../../contract/state';
import { ProblemError } from '../problem-error';
import { findRun } from './find-run';
import type { Services } from './services';

/**
 * Why a run waits; of one that does not, what it does instead. Where its pool does not answer, the last words of the run
 * have to do.
 *
 * @throws {ProblemError} `not-found`, `not-known-yet`.
 */
export async function explainRun(services: Services, runId: string): Promise<RunExplanation> {
  const { run } = await findRun(services, runId);
  const { state, pool } = run;
  const waiting = state === 'queued' ? await explanationOf(services, run) : null;
  const lease = state === 'queued' || isEndState(state) ? null : await leaseOf(services, run);
  return { runId, state, pool, sentence: asSentence(waiting?.waitsFor ?? instead(run)), waiting, lease };
}

async function leaseOf({ pools }: Services, { id, pool }: Run): Promise<Lease | null> {
  const view = await pools.view(pool);
  return view?.leases.find(({ runId }) => runId === id) ?? null;
}

async function explanationOf({ temporal, logger }: Services, { id, pool }: Run): Promise<Explanation | null> {
  try {
    return await temporal.pools.explain(pool, id);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    logger.debug({ err: error, runId: id }, 'what a run waits for is not known');
    return null;
  }
}

/** What a pool says of a run begins with what it does: `waits for …`. */
function asSentence(text: string): string {
  const whole = /^[a-z]/.test(text) ? `It ${text}` : text;
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

const DOES: Record<Exclude<RunState, 'succeeded' | 'failed' | 'cancelled'>, (run: Run) => string> = {
  queued: ({ message }) => message ?? 'It was submitted a moment ago and is about to ask its pool for a place.',
  pulling: ({ host }) => `It has its place on ${host}, which gets its image ready.`,
  starting: ({ host }) => `It has its place on ${host}, where it starts.`,
  running: ({ host, startedAt }) => `It runs on ${host}${startedAt === null ? '' : `, since ${startedAt}`}.`,
  unreachable: ({ message }) => message ?? 'Its host does not answer; it waits for it.',
  retrying: ({ message }) => message ?? 'It waits for the time of its next attempt.',
  suspended: ({ message }) => message ?? 'It is suspended and waits for its resume.',
  stopping: ({ message }) => message ?? 'It is being stopped.',
};

function instead(run: Run): string {
  if (!isEndState(run.state)) return DOES[run.state](run);
  return `It waits for nothing: it has ${run.state === 'cancelled' ? 'been cancelled' : run.state}. ${run.message ?? (run.reason === null ? '' : describeReason(run.reason))}`.trimEnd();
}
