import { CONTROL_TASK_QUEUE } from '../../contract/names';
import type { Connection } from '@temporalio/client';

import type { TemporalCaller } from './calls';

const WORKFLOW_TASK_QUEUE_TYPE = 1;
/** A worker asks for work at least once a minute; one that has not is gone. */
const POLLER_MAX_AGE_MS = 90_000;

/** Whether Temporal and its workers can take work. */
export interface ReadinessGateway {
  /** How many control workers have asked for work lately. Fails where Temporal does not answer. */
  controlPollers(): Promise<number>;
}

export function createReadinessGateway(
  connection: Connection,
  namespace: string,
  call: TemporalCaller,
): ReadinessGateway {
  const controlPollers = async (): Promise<number> => {
    const { pollers } = await call(() =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: CONTROL_TASK_QUEUE },
        taskQueueType: WORKFLOW_TASK_QUEUE_TYPE,
      }),
    );
    const oldestMs = Date.now() - POLLER_MAX_AGE_MS;
    return (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 >= oldestMs)
      .length;
  };
  return { controlPollers };
}
