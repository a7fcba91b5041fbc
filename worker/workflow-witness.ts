import { isGrpcServiceError, QueryNotRegisteredError, WorkflowNotFoundError, type Client } from '@temporalio/client';

import type { WorkflowWitness } from '../control/read-model-healer';
import { RUN_WORKFLOW, workflowIdFor } from '../contract/names';
import type { RunReport } from '../contract/run';
import type { WorkflowFacts } from '../policy/heal';
import { reportQuery } from '../workflows/messages';

/** How long Temporal may take to tell of a run, and a worker to answer for its workflow. */
const ASK_TIMEOUT_MS = 10_000;

export function createWorkflowWitness(client: Client): WorkflowWitness {
  const within = <T>(ask: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + ASK_TIMEOUT_MS, ask);
  return {
    factsOf: (runId) => within(() => factsOf(client, runId)),
    reportOf: (runId) => within(() => reportOf(client, runId)),
    async *liveRuns() {
      const query = `WorkflowType = '${RUN_WORKFLOW}' AND ExecutionStatus = 'Running'`;
      for await (const { workflowId } of client.workflow.list({ query })) yield workflowId;
    },
  };
}

async function factsOf(client: Client, runId: string): Promise<WorkflowFacts> {
  try {
    const { status, searchAttributes } = await client.workflow.getHandle(workflowIdFor(runId)).describe();
    if (status.name === 'RUNNING')
      return { status: 'live', state: searchAttributes['RunState']?.[0] as string | undefined };
    return { status: status.name === 'TERMINATED' || status.name === 'TIMED_OUT' ? 'broken-off' : 'concluded' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { status: 'unknown' };
    throw error;
  }
}

/** gRPC codes of a query that no workflow could answer: no worker took it, or its history cannot be replayed. */
const UNANSWERED = [1, 3, 4, 9];

async function reportOf(client: Client, runId: string): Promise<RunReport | null> {
  try {
    return await client.workflow.getHandle(workflowIdFor(runId)).query(reportQuery);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return null;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (isGrpcServiceError(cause) && UNANSWERED.includes(cause.code)) return null;
    throw error;
  }
}
