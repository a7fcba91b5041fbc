import {
  type ScheduleClient,
  type ScheduleDescription,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
} from '@temporalio/client';

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
    const handle = schedules.getHandle(scheduleId);
    // Temporal writes an update some time after it was asked for: one without need could undo a pause that came meanwhile.
    if (isAsWritten(await handle.describe())) return;
    await handle.update(({ state }) => ({ ...schedule, state }));
  }
}

function isAsWritten({ spec, action, policies }: ScheduleDescription): boolean {
  return (
    spec.intervals?.length === 1 &&
    spec.intervals[0]?.every === EVERY_MS &&
    spec.jitter === JITTER_MS &&
    action.type === 'startWorkflow' &&
    action.workflowType === RETENTION_WORKFLOW &&
    action.taskQueue === CONTROL_TASK_QUEUE &&
    action.workflowExecutionTimeout === TIMEOUT_MS &&
    policies.catchupWindow === CATCH_UP_MS
  );
}

const EVERY_MS = 3_600_000;
const JITTER_MS = 300_000;
const TIMEOUT_MS = 3 * EVERY_MS;
/** After Temporal was away, one look is enough. */
const CATCH_UP_MS = EVERY_MS;

const SCHEDULE = {
  scheduleId: RETENTION_SCHEDULE,
  spec: { intervals: [{ every: EVERY_MS }], jitter: JITTER_MS },
  action: {
    type: 'startWorkflow' as const,
    workflowType: RETENTION_WORKFLOW,
    workflowId: RETENTION_SCHEDULE,
    taskQueue: CONTROL_TASK_QUEUE,
    workflowExecutionTimeout: TIMEOUT_MS,
    staticSummary: 'Removes the logs of ended runs that need not be kept any longer',
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
};
