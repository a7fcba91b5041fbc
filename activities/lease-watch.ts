import type { AttemptIdentity } from '../contract/activities';
import type { RunStanding } from '../policy/reconcile';
import { failure } from './failure';

export type StandingOf = (runId: string) => Promise<RunStanding>;

/**
 * Below this nothing can have happened to the lease: a run does not give up a host before its heartbeat timeout of 15 s is
 * over.
 */
const SURELY_VALID_MS = 10_000;

/**
 * Watches over the time that an act takes between being asked for and the step that cannot be taken back. A process that was
 * frozen in between may wake up in a world where the run goes on elsewhere; only then is Temporal asked.
 *
 * @param askedAtMs when it was asked for, by the clock of Temporal: what a frozen process was handed it may take up much later. A
 *   clock that differs costs a question.
 * @returns check, which throws where the lease is not valid any more, or where nobody can tell.
 */
export function watchLease(
  standingOf: StandingOf,
  { runId, epoch }: AttemptIdentity,
  askedAtMs: number,
): () => Promise<void> {
  // The machine itself may sleep, which only one of the two clocks counts, or be set back, which only the other ignores.
  const began = { wall: Math.min(Date.now(), askedAtMs), steady: performance.now() };
  return async () => {
    const tookMs = Math.max(Date.now() - began.wall, performance.now() - began.steady);
    if (tookMs < SURELY_VALID_MS) return;
    const standing = await standingOf(runId);
    if (standing.state === 'live' && standing.epoch <= epoch) return;
    const now = standing.state === 'live' ? `its epoch is ${standing.epoch} now` : `its workflow is ${standing.state}`;
    throw failure('internal-error', `this call is too late: epoch ${epoch} of ${runId} is not valid any more; ${now}`);
  };
}
