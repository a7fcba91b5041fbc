import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type { RetentionActivities, RetentionReport } from '../contract/retention';
import { CONTROL_TASK_QUEUE } from '../contract/names';
import { formatSize } from '../contract/units';

const { removeOldLogs } = proxyActivities<RetentionActivities>({
  taskQueue: CONTROL_TASK_QUEUE,
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '1 minute',
  // The schedule comes again; until then a store that is away for a moment is tried again.
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  summary: 'Removes the logs of ended runs that need not be kept any longer',
});

/**
 * Removes old logs once. A schedule starts it every hour, one at a time; it may also be started by hand, at any time.
 */
export async function retentionWorkflow(): Promise<RetentionReport> {
  const report = await removeOldLogs();
  const { removedForAge, removedForSize, completed, freedBytes, keptLogs, keptBytes, failed } = report;
  setCurrentDetails(
    `Removed ${removedForAge} logs for their age and ${removedForSize} for the size of all, completed ${completed} removals, and failed at ${failed}: ${formatSize(freedBytes)} freed, ${keptLogs} logs of ${formatSize(keptBytes)} left.`,
  );
  return report;
}
