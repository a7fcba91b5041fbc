import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

/** What `temporal workflow reset --type FirstWorkflowTask` does: the workflow is begun anew, as another execution. */
export async function resetToStart({ workflowService, options }: Client, workflowId: string): Promise<void> {
  const { namespace } = options;
  const { history } = await workflowService.getWorkflowExecutionHistory({ namespace, execution: { workflowId } });
  const firstTask = history?.events?.find(({ workflowTaskCompletedEventAttributes: task }) => task != null);
  await workflowService.resetWorkflowExecution({
    ...{ namespace, workflowExecution: { workflowId }, reason: 'a test', requestId: randomUUID() },
    workflowTaskFinishEventId: firstTask!.eventId!,
  });
}
