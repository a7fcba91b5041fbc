import { type ScheduleClient, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

import { CONTROL_TASK_QUEUE, RETENTION_SCHEDULE, RETENTION_WORKFLOW } from '../contract/names';

/**
 * Makes sure that old logs are looked for every hour, as this version does it. Whether somebody has paused the schedule in
 * Temporal stays as it is.
 */
export async function ensureRetentionSchedule(schedules: ScheduleClient): Promise<void> {
  const { scheduleId, ...schedule } = SCHEDULE;
  try {
    await schedules.create(SCHEDULE);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedules.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }));
  }
}

const SCHEDULE = {
  scheduleId: RETENTION_SCHEDULE,
  spec: { intervals: [{ every: '1 hour' }], jitter: '5 minutes' },
  action: {
    type: 'startWorkflow' as const,
    workflowType: RETENTION_WORKFLOW,
    workflowId: RETENTION_SCHEDULE,
    taskQueue: CONTROL_TASK_QUEUE,
    workflowExecutionTimeout: '3 hours',
    staticSummary: 'Removes the logs of ended runs that need not be kept any longer',
  },
  // After Temporal was away, one look is enough.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
};
