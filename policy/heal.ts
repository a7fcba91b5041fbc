import { isEndState, type RunState } from '../contract/state';

/** What Temporal says of a run, for the read model to be held against. */
export type WorkflowFacts =
  /** It goes on: which execution, and how many events its history has, which tells whether anything came since. */
  | { status: 'live'; execution: string; historyLength: number }
  /** It ended by itself: as its last report says. */
  | { status: 'concluded' }
  /** It was terminated, or ran out of Temporal's own time: it could report nothing any more. */
  | { status: 'broken-off' }
  /** Temporal knows no such workflow, or not any more. */
  | { status: 'unknown' };

/** What the read model has of a run. */
export interface RowFacts {
  state: RunState;
  revision: number;
  execution: string | null;
}

/** Where a workflow stood when it was last asked for its report, and what the report was. */
export interface Comparison {
  execution: string;
  historyLength: number;
  revision: number;
}

export type Healing =
  | 'nothing'
  /** Have the workflow report: a report may have been lost. */
  | 'report'
  /** The same; where it cannot be had, write down what Temporal itself tells of the end. */
  | 'conclude'
  /** The same; but nobody can tell how it ended. */
  | 'close';

/**
 * Decides what a row of the read model needs.
 *
 * @param last undefined where the workflow has not been asked yet. A workflow whose history is as it was then has nothing
 * new to tell, so that in quiet times nobody is asked.
 */
export function healingFor(row: RowFacts, facts: WorkflowFacts, last?: Comparison): Healing {
  switch (facts.status) {
    case 'live':
      return isUpToDate(row, facts, last) ? 'nothing' : 'report';
    case 'concluded':
      return isEndState(row.state) ? 'nothing' : 'conclude';
    case 'broken-off':
    case 'unknown':
      return isEndState(row.state) ? 'nothing' : 'close';
    default:
      return facts satisfies never;
  }
}

/** A row that is behind what it was compared with is that of a store that was restored since. */
function isUpToDate(
  row: RowFacts,
  { execution, historyLength }: { execution: string; historyLength: number },
  last: Comparison | undefined,
): boolean {
  return (
    last !== undefined &&
    last.execution === execution &&
    last.historyLength === historyLength &&
    row.execution === execution &&
    row.revision >= last.revision
  );
}
