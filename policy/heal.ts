import { isEndState, type RunState } from '../contract/state';

/** What Temporal says of a run, for the read model to be held against. */
export type WorkflowFacts =
  /** Its workflow goes on, and shows this state. */
  | { status: 'live'; state: string | undefined }
  /** It ended by itself: as its last report says. */
  | { status: 'concluded' }
  /** It was terminated, or ran out of Temporal's own time: it could report nothing any more. */
  | { status: 'broken-off' }
  /** Temporal knows no such workflow, or not any more. */
  | { status: 'unknown' };

export type Healing =
  | 'nothing'
  /** Have the workflow report again: a report was lost. */
  | 'report'
  /** Nobody will report any more: write down that it ended. */
  | 'close';

/** Decides what a row of the read model that is not in an end state needs. */
export function healingFor(rowState: RunState, facts: WorkflowFacts): Healing {
  if (isEndState(rowState)) return 'nothing';
  switch (facts.status) {
    case 'live':
      return facts.state === undefined || facts.state === rowState ? 'nothing' : 'report';
    case 'concluded':
      return 'report';
    case 'broken-off':
    case 'unknown':
      return 'close';
    default:
      return facts satisfies never;
  }
}
