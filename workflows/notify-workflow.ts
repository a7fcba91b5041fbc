import {
  ApplicationFailure,
  getExternalWorkflowHandle,
  proxyActivities,
  rootCause,
  workflowInfo,
} from '@temporalio/workflow';

import type { NotifyActivities } from '../contract/activities';
import { CONTROL_TASK_QUEUE } from '../contract/names';
import { DELIVERY_RETRY, nameTarget, type Delivered, type SendNotificationInput } from '../contract/notification';
import { noteSignal } from './messages';

const { sendNotification } = proxyActivities<NotifyActivities>({
  taskQueue: CONTROL_TASK_QUEUE,
  startToCloseTimeout: '30 seconds',
  // A day: who repairs a receiver in the morning still gets what happened in the night.
  scheduleToCloseTimeout: '24 hours',
  retry: {
    initialInterval: DELIVERY_RETRY.firstMs,
    backoffCoefficient: DELIVERY_RETRY.factor,
    maximumInterval: DELIVERY_RETRY.longestMs,
  },
  summary: 'Sends the notification, again and again until it is taken',
});

/**
 * Delivers one notification of a run. It fails with `notification-failed` where the receiver refuses it, or does not take
 * it for a day; a run that lives is told then.
 */
export async function notifyWorkflow(input: SendNotificationInput): Promise<Delivered> {
  try {
    return await sendNotification(input);
  } catch (error) {
    const { triggers, run } = input.notification;
    const what = `${nameTarget(input.target)} was not told of ${triggers.join(', ')} of the run ${run.id}`;
    const message = `${what}: ${rootCause(error) ?? String(error)}`;
    await tellRun(message);
    throw ApplicationFailure.nonRetryable(message, 'notification-failed');
  }
}

/** A run that has ended cannot be told any more; then the failure of this workflow is what tells. */
async function tellRun(message: string): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId, parent.runId).signal(noteSignal, { message });
  } catch {
    return;
  }
}
