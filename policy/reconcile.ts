/** A container of ours, as its labels tell. */
export interface FoundContainer {
  epoch: number;
}

/**
 * How a run stands in Temporal, which alone knows. `isReplaced`: it was a node of a gang that goes on, which has another in its
 * place, or will have.
 */
export type RunStanding =
  /** Its workflow goes on; only containers of this lease epoch are valid. */
  | { state: 'live'; epoch: number }
  /** Its workflow has ended, in whatever way; `isBrokenOff`: somebody terminated it, so that it could remove nothing. */
  | { state: 'ended'; endedAtMs: number; isBrokenOff?: true; isReplaced?: true }
  /** Temporal knows of no such workflow, or not any more. */
  | { state: 'unknown'; isReplaced?: true };

export type ContainerVerdict =
  | { act: 'leave' }
  /** An attempt whose lease was revoked, or a node whose gang has given it up: it goes at once, since the run may go on elsewhere. */
  | { act: 'remove-stale' }
  /** Left behind by a workflow that ended without its clean-up. */
  | { act: 'remove-orphan' }
  /** The same, before its grace is over. */
  | { act: 'wait' };

/**
 * Decides what becomes of a container that a host finds on its engine.
 *
 * @param orphanSinceMs when this host first found it without a live workflow.
 * @param graceMs for which an orphan is left alone: the clean-up of its own run may just be under way.
 */
export function judgeContainer(
  { epoch }: FoundContainer,
  standing: RunStanding,
  { nowMs, orphanSinceMs, graceMs }: { nowMs: number; orphanSinceMs: number; graceMs: number },
): ContainerVerdict {
  switch (standing.state) {
    case 'live':
      return { act: epoch < standing.epoch ? 'remove-stale' : 'leave' };
    case 'ended':
      if (standing.isReplaced) return { act: 'remove-stale' };
      return { act: nowMs - standing.endedAtMs >= graceMs ? 'remove-orphan' : 'wait' };
    case 'unknown':
      if (standing.isReplaced) return { act: 'remove-stale' };
      return { act: nowMs - orphanSinceMs >= graceMs ? 'remove-orphan' : 'wait' };
    default:
      return standing satisfies never;
  }
}
