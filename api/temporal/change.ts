import {
  type WorkflowClient,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import type { Fault } from '../../contract/fault';
import { workflowIdFor } from '../../contract/names';
import type { RunReport } from '../../contract/run';
import type { RunChange } from '../../contract/run-change';
import { CHANGE_REFUSALS, changeRunUpdate, type ChangeRefusal } from '../../workflows/messages';
import type { TemporalCaller } from './calls';

/**
 * What the workflow of a run made of a change: the run as it stands now, or why not. `unconfirmed`: nobody answered in time,
 * and whoever works on the run next may still make it.
 */
export type ChangeAnswer =
  { report: RunReport } | { refusal: ChangeRefusal; faults: readonly Fault[] } | { refusal: 'unconfirmed' };

/** Asks a run to change. */
export async function changeRun(
  workflows: WorkflowClient,
  call: TemporalCaller,
  runId: string,
  change: RunChange,
): Promise<ChangeAnswer> {
  const handle = workflows.getHandle(workflowIdFor(runId));
  return call.make(async () => {
    try {
      return { report: await handle.executeUpdate(changeRunUpdate, { args: [change] }) };
    } catch (error) {
      const answer = answerIn(error);
      if (answer === undefined) throw error;
      return answer;
    }
  });
}

function answerIn(error: unknown): ChangeAnswer | undefined {
  if (error instanceof WorkflowNotFoundError) return { refusal: 'already-ended', faults: [] };
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { refusal: 'unconfirmed' };
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined;
  const { cause } = error;
  const refusal = CHANGE_REFUSALS.find((known) => cause instanceof ApplicationFailure && cause.type === known);
  if (refusal !== undefined) return { refusal, faults: ((cause as ApplicationFailure).details?.[0] ?? []) as Fault[] };
  // It ended while the change was on its way.
  return cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow'
    ? { refusal: 'already-ended', faults: [] }
    : undefined;
}
