import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';

import type { PoolClient, RunWitness } from '../activities/pool-client';
import {
  CONTROL_TASK_QUEUE,
  POOL_WORKFLOW,
  poolFromWorkflowId,
  poolWorkflowIdFor,
  workflowIdFor,
} from '../contract/names';
import { beginningOf, keptIn, POOL_CORE_VERSION } from '../policy/pool/kept';
import { leaseQuery } from '../workflows/messages';
import {
  changeLimitUpdate,
  claimAllUpdate,
  claimUpdate,
  holdersQuery,
  releaseSignal,
  reprioritiseUpdate,
} from '../workflows/pool-messages';
import { createClaimLine, type ClaimLine, type ClaimMessages } from './claim-line';

/** How long a pool may take to answer, or Temporal to take a message for it. */
const ASK_TIMEOUT_MS = 2_500;
/** How long a workflow may take to answer a query: a worker may have to go through all of its history first. */
const QUERY_TIMEOUT_MS = 10_000;

/** What a worker's connection to Temporal can do for pools. */
export interface PoolLink extends PoolClient, Pick<RunWitness, 'holdersOf' | 'leaseOf'> {
  /** Starts a pool; nothing where it is there. One that decides by another version of the core is begun anew. */
  start(pool: string): Promise<void>;
  /** Begins all pools anew that decide by another version of the core. */
  renewAll(): Promise<void>;
}

export function createPoolLink(client: Client): PoolLink {
  const handleOf = (pool: string): WorkflowHandle => client.workflow.getHandle(poolWorkflowIdFor(pool));
  const within = <T>(ms: number, ask: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + ms, ask);
  const lines = new Map<string, ClaimLine>();
  const lineOf = (pool: string): ClaimLine => {
    const line = lines.get(pool) ?? createClaimLine(claimMessages(client, pool));
    lines.set(pool, line);
    return line;
  };
  return {
    start: async (pool) => startPool(client, pool),
    renewAll: async () => {
      for await (const pool of poolsIn(client)) await startPool(client, pool);
    },
    claim: async (pool, input) => lineOf(pool)(input),
    release: (pool, claim) =>
      within(ASK_TIMEOUT_MS, async () => unlessGone(() => handleOf(pool).signal(releaseSignal, claim))),
    reprioritise: (pool, change) =>
      within(ASK_TIMEOUT_MS, async () =>
        unlessGone(() => handleOf(pool).executeUpdate(reprioritiseUpdate, { args: [change] })),
      ),
    changeLimit: (pool, change) =>
      within(ASK_TIMEOUT_MS, async () =>
        unlessGone(() => handleOf(pool).executeUpdate(changeLimitUpdate, { args: [change] })),
      ),
    holdersOf: (pool) => within(QUERY_TIMEOUT_MS, async () => handleOf(pool).query(holdersQuery)),
    leaseOf: async (runId) => leaseOf(client, runId),
  };
}

/** A pool that is not there is started. */
function claimMessages(client: Client, pool: string): ClaimMessages {
  const handle = client.workflow.getHandle(poolWorkflowIdFor(pool));
  const ask = async <T>(update: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + ASK_TIMEOUT_MS, () =>
      update().catch(async (error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        await startPool(client, pool);
        return update();
      }),
    );
  return {
    one: async (claim) => ask(() => handle.executeUpdate(claimUpdate, { args: [claim] })),
    all: async (claims) => ask(() => handle.executeUpdate(claimAllUpdate, { args: [claims] })),
  };
}

/**
 * Starts a pool with what people had told the one before. One whose core decides otherwise is ended first: its history could
 * not be replayed here. What runs hold, the new one learns from them before it gives anything.
 */
async function startPool(client: Client, pool: string): Promise<void> {
  const before = await lastOf(client, pool);
  const kept = keptIn(before?.memo);
  if (before?.status.name === 'RUNNING') {
    if (kept?.core === POOL_CORE_VERSION) return;
    const why = `the pool decides by version ${kept?.core} of its core, this worker by ${POOL_CORE_VERSION}; it begins anew`;
    await unlessGone(() => client.workflow.getHandle(before.workflowId, before.runId).terminate(why));
  }
  await client.workflow.start(POOL_WORKFLOW, {
    taskQueue: CONTROL_TASK_QUEUE,
    workflowId: poolWorkflowIdFor(pool),
    workflowIdConflictPolicy: 'USE_EXISTING',
    ...beginningOf(pool, kept),
  });
}

/** Names of the pools that go on. */
async function* poolsIn(client: Client): AsyncIterable<string> {
  const query = `WorkflowType = '${POOL_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const pool = poolFromWorkflowId(workflowId);
    if (pool !== undefined) yield pool;
  }
}

async function lastOf(client: Client, pool: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(poolWorkflowIdFor(pool)).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** gRPC codes of a query that no workflow can answer, however often it is asked: its history cannot be replayed. */
const MUTE = [3, 9];

async function leaseOf(client: Client, runId: string): ReturnType<RunWitness['leaseOf']> {
  try {
    return await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowIdFor(runId)).query(leaseQuery),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (error instanceof QueryNotRegisteredError || (isGrpcServiceError(cause) && MUTE.includes(cause.code))) {
      return 'mute';
    }
    throw error;
  }
}

async function unlessGone(tell: () => Promise<unknown>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
