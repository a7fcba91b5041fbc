import {
  QueryNotRegisteredError,
  type WorkflowClient,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WithStartWorkflowOperation,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';

import { CONTROL_TASK_QUEUE, POOL_WORKFLOW, poolWorkflowIdFor } from '../../contract/names';
import type { Explanation, PoolView } from '../../contract/pool';
import type { ChangeHostInput, ConfigureInput, ReserveInput, UnreserveInput } from '../../contract/pool-messages';
import { beginningOf, keptIn, type KeptPool } from '../../policy/pool/kept';
import {
  changeHostUpdate,
  configureUpdate,
  explainQuery,
  POOL_REFUSALS,
  poolQuery,
  type PoolRefusal,
  reserveUpdate,
  unreserveUpdate,
} from '../../workflows/pool-messages';
import { GRPC, grpcCodeOf, type TemporalCaller } from './calls';

/** Pools, as their workflows. Whatever changes something begins a pool that has not begun. */
export interface PoolGateway {
  /** The pool as it tells itself; null where it has not begun, or no worker takes the question up. */
  view(pool: string): Promise<PoolView | null>;
  /** Null for a run that does not wait there, and where nobody can say. */
  explain(pool: string, runId: string): Promise<Explanation | null>;
  changeHost(pool: string, input: ChangeHostInput): Promise<PoolAnswer>;
  configure(pool: string, input: ConfigureInput): Promise<PoolAnswer>;
  reserve(pool: string, input: ReserveInput): Promise<PoolAnswer>;
  unreserve(pool: string, input: UnreserveInput): Promise<PoolAnswer>;
}

/** The pool as it stands with the change, or why not. `unconfirmed`: nobody answered in time, and it may still be made. */
export type PoolAnswer = { view: PoolView } | { refusal: PoolRefusal; why: string } | { refusal: 'unconfirmed' };

export function createPoolGateway(workflows: WorkflowClient, call: TemporalCaller): PoolGateway {
  const handle = (pool: string) => workflows.getHandle(poolWorkflowIdFor(pool));
  const update = <Input>(pool: string, definition: UpdateDefinition<PoolView, [Input]>, input: Input) =>
    call.make(() => updatePool(workflows, pool, definition, input));
  return {
    view: (pool) => asked(() => call.ask(() => handle(pool).query(poolQuery))),
    explain: (pool, runId) => asked(() => call.ask(() => handle(pool).query(explainQuery, runId))),
    changeHost: (pool, input) => update(pool, changeHostUpdate, input),
    configure: (pool, input) => update(pool, configureUpdate, input),
    reserve: (pool, input) => update(pool, reserveUpdate, input),
    unreserve: (pool, input) => update(pool, unreserveUpdate, input),
  };
}

/** What a query that no worker takes up ends with. */
const UNANSWERED = new Set<number | undefined>([GRPC.failedPrecondition]);

async function asked<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return null;
    if (UNANSWERED.has(grpcCodeOf(error))) return null;
    throw error;
  }
}

async function updatePool<Input>(
  workflows: WorkflowClient,
  pool: string,
  definition: UpdateDefinition<PoolView, [Input]>,
  input: Input,
): Promise<PoolAnswer> {
  const startWorkflowOperation = new WithStartWorkflowOperation(POOL_WORKFLOW, {
    taskQueue: CONTROL_TASK_QUEUE,
    workflowId: poolWorkflowIdFor(pool),
    workflowIdConflictPolicy: 'USE_EXISTING',
    ...beginningOf(pool, await keptOf(workflows, pool)),
  });
  try {
    return { view: await workflows.executeUpdateWithStart(definition, { startWorkflowOperation, args: [input] }) };
  } catch (error) {
    const answer = answerIn(error);
    if (answer === undefined) throw error;
    return answer;
  }
}

/** What people had told the newest pool of that name, also one that was ended since. */
async function keptOf(workflows: WorkflowClient, pool: string): Promise<KeptPool | undefined> {
  try {
    return keptIn((await workflows.getHandle(poolWorkflowIdFor(pool)).describe()).memo);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function answerIn(error: unknown): PoolAnswer | undefined {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { refusal: 'unconfirmed' };
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const refusal = POOL_REFUSALS.find((known) => cause.type === known);
  return refusal === undefined ? undefined : { refusal, why: cause.message };
}
