import {
  ApplicationFailure,
  CancelledFailure,
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';

import type { WorkflowReport, WorkflowWitness } from '../control/read-model-healer';
import { GANG_NODE_WORKFLOW, RUN_WORKFLOW, workflowIdFor } from '../contract/names';
import { isEndReason } from '../contract/reason';
import type { WorkflowFacts } from '../policy/heal';
import type { RunEnd } from '../store/run-store';
import { reportQuery } from '../workflows/messages';

/** How long Temporal may take to tell of a run, and a worker to answer for its workflow. */
const ASK_TIMEOUT_MS = 10_000;

/** What Temporal tells of the workflows of runs; `liveRuns` leaves the nodes of gangs out, which hold no lease of their own. */
export function createWorkflowWitness(client: Client): WorkflowWitness & { liveRuns(): AsyncIterable<string> } {
  const within = <T>(ask: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + ASK_TIMEOUT_MS, ask);
  return {
    factsOf: (runId) => within(() => factsOf(client, runId)),
    reportOf: (runId) => within(() => reportOf(client, runId)),
    endOf: (runId) => within(() => endOf(client, runId)),
    runsThat: (stand) => idsOf(client, `WorkflowType IN (${RUNS_AND_NODES}) AND ${STANDS[stand]}`),
    liveRuns: () => idsOf(client, `WorkflowType = '${RUN_WORKFLOW}' AND ${STANDS['go-on']}`),
  };
}

const RUNS_AND_NODES = `'${RUN_WORKFLOW}', '${GANG_NODE_WORKFLOW}'`;
const STANDS = { 'go-on': "ExecutionStatus = 'Running'", 'have-ended': "ExecutionStatus != 'Running'" } as const;

async function* idsOf(client: Client, query: string): AsyncIterable<string> {
  for await (const { workflowId } of client.workflow.list({ query })) yield workflowId;
}

async function factsOf(client: Client, runId: string): Promise<WorkflowFacts> {
  try {
    const {
      status,
      runId: execution,
      historyLength,
    } = await client.workflow.getHandle(workflowIdFor(runId)).describe();
    if (status.name === 'RUNNING') return { status: 'live', execution, historyLength };
    return { status: status.name === 'TERMINATED' || status.name === 'TIMED_OUT' ? 'broken-off' : 'concluded' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { status: 'unknown' };
    throw error;
  }
}

/** gRPC codes of a query that no workflow could answer: no worker took it, or its history cannot be replayed. */
const UNANSWERED = [1, 3, 4, 9];

async function reportOf(client: Client, runId: string): Promise<WorkflowReport | null> {
  const id = workflowIdFor(runId);
  try {
    const { runId: execution } = await client.workflow.getHandle(id).describe();
    return { ...(await client.workflow.getHandle(id, execution).query(reportQuery)), execution };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return null;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (isGrpcServiceError(cause) && UNANSWERED.includes(cause.code)) return null;
    throw error;
  }
}

/** A run ends its workflow as it ended itself: with its end reason as the type of a failure, and in its result. */
async function endOf(client: Client, runId: string): Promise<RunEnd | null> {
  const handle = client.workflow.getHandle(workflowIdFor(runId));
  try {
    const { closeTime } = await handle.describe();
    if (closeTime === undefined) return null;
    const end = await handle.result().then(endOfResult, endOfFailure);
    return { ...end, endedAt: closeTime.toISOString() };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function endOfResult(result: unknown): Omit<RunEnd, 'endedAt'> {
  const { reason, message } = (result ?? {}) as { reason?: unknown; message?: unknown };
  const said = typeof message === 'string' ? { message } : {};
  return { reason: isEndReason(reason) ? reason : 'completed', ...said };
}

function endOfFailure(error: unknown): Omit<RunEnd, 'endedAt'> {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  if (cause instanceof CancelledFailure) return { ...endOfResult(cause.details[0]), reason: 'cancelled' };
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return { reason: isEndReason(type) ? type : 'internal-error', message: cause?.message ?? error.message };
}
