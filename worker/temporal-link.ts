import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection, ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { WorkflowIdentity } from '../contract/activities';
import { gangOfNodeRunId } from '../contract/gang';
import type { HostNotice, SilenceReport } from '../contract/notice';
import { MEMO, RUN_WORKFLOW, workflowIdFor } from '../contract/names';
import type { RunSubmission } from '../contract/spec';
import type { RunStanding } from '../policy/reconcile';
import { createGrpcRetries } from './grpc-retries';
import { ensureRetentionSchedule } from './retention-schedule';
import { noticeSignal, silentSignal } from '../workflows/messages';
import { registerSearchAttributes } from './search-attributes';
import { createPoolLink, type PoolLink } from './pool-link';
import { createWorkflowWitness } from './workflow-witness';

/** A worker's connections to Temporal. */
export interface TemporalLink {
  native: NativeConnection;
  cancelWorkflow(workflow: WorkflowIdentity): Promise<void>;
  /** How a run stands, as its workflow's own state tells; no worker is needed for that. Rejects while Temporal is away. */
  standingOf(runId: string): Promise<RunStanding>;
  /** What pools can be asked and told. */
  pools: PoolLink;
  /** What the workflows of all runs can be asked. */
  witness: ReturnType<typeof createWorkflowWitness>;
  /** Sends a run the signal `notice`; false where the run has ended. Rejects while Temporal is away. */
  sendNotice(runId: string, notice: HostNotice): Promise<boolean>;
  /** The same for the signal `silent`. */
  sendSilence(runId: string, report: SilenceReport): Promise<boolean>;
  /** Workers that asked for tasks of an activity queue lately. */
  pollersOf(taskQueue: string): Promise<Poller[]>;
  /** What all schedules submit that start runs. */
  scheduledRuns(): Promise<RunSubmission[]>;
  close(): Promise<void>;
}

export interface Poller {
  identity: string;
  askedAtMs: number;
}

/** How long Temporal may take to tell of a run, or to take a message for it. */
const ASK_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Connects to Temporal, and waits for it while it is away: containers go on meanwhile, so there is no reason to give up. A
 * line is logged each time the cause changes.
 *
 * @param signal aborted where the worker shall stop before Temporal is there; then it throws.
 */
export async function connectToTemporal(
  config: Config['temporal'],
  log: Logger,
  signal: AbortSignal,
): Promise<TemporalLink> {
  let pauseMs = FIRST_PAUSE_MS;
  let told = '';
  for (;;) {
    try {
      return await connect(config);
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof Error ? error.message : String(error);
      if (cause !== told) log.warn({ address: config.address, cause }, 'Temporal is not there yet; waiting for it');
      told = cause;
    }
    await sleep(pauseMs, undefined, { signal });
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

async function connect({ address, namespace }: Config['temporal']): Promise<TemporalLink> {
  const retries = createGrpcRetries();
  const { interceptors } = retries;
  const connection = await Connection.connect({ address, connectTimeout: '5 seconds', interceptors });
  try {
    await registerSearchAttributes(connection, namespace);
    const client = new Client({ connection, namespace });
    await ensureRetentionSchedule(client.schedule);
    const native = await NativeConnection.connect({ address });
    return {
      native,
      cancelWorkflow: async ({ workflowId, temporalRunId }) => {
        await client.workflow.getHandle(workflowId, temporalRunId).cancel();
      },
      standingOf: (runId) => connection.withDeadline(Date.now() + ASK_TIMEOUT_MS, () => standingOf(client, runId)),
      pools: createPoolLink(client),
      witness: createWorkflowWitness(client),
      sendNotice: (runId, notice) =>
        connection.withDeadline(Date.now() + ASK_TIMEOUT_MS, () => send(client, runId, noticeSignal, notice)),
      sendSilence: (runId, report) =>
        connection.withDeadline(Date.now() + ASK_TIMEOUT_MS, () => send(client, runId, silentSignal, report)),
      pollersOf: (taskQueue) =>
        connection.withDeadline(Date.now() + ASK_TIMEOUT_MS, () => pollersOf(connection, namespace, taskQueue)),
      scheduledRuns: () => scheduledRuns(client),
      close: async () => {
        await native.close();
        await retries.settle();
        await connection.close();
      },
    };
  } catch (error) {
    await retries.settle();
    await connection.close();
    throw error;
  }
}

const ACTIVITY_QUEUE = 2;

async function pollersOf({ workflowService }: Connection, namespace: string, name: string): Promise<Poller[]> {
  const asked = { namespace, taskQueue: { name }, taskQueueType: ACTIVITY_QUEUE };
  const { pollers } = await workflowService.describeTaskQueue(asked);
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    askedAtMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
  }));
}

/** Of those that the API made, and of those that were made by hand. */
async function scheduledRuns({ schedule: schedules }: Client): Promise<RunSubmission[]> {
  const found: RunSubmission[] = [];
  for await (const { scheduleId } of schedules.list()) {
    const description = await schedules.getHandle(scheduleId).describe().catch(unlessGone);
    if (description?.action.workflowType !== RUN_WORKFLOW) continue;
    found.push((description.action.args?.[0] ?? {}) as RunSubmission);
  }
  return found;
}

function unlessGone(error: unknown): null {
  if (error instanceof ScheduleNotFoundError) return null;
  throw error;
}

/** See {@link TemporalLink.standingOf}. */
export async function standingOf(client: Client, runId: string): Promise<RunStanding> {
  const standing = await standingAlone(client, runId);
  const gang = gangOfNodeRunId(runId);
  if (standing.state === 'live' || gang === null) return standing;
  return (await standingAlone(client, gang)).state === 'live' ? { ...standing, isReplaced: true } : standing;
}

async function standingAlone(client: Client, runId: string): Promise<RunStanding> {
  try {
    const { status, startTime, closeTime, memo } = await client.workflow.getHandle(workflowIdFor(runId)).describe();
    if (status.name === 'RUNNING') return { state: 'live', epoch: Number(memo?.[MEMO.epoch] ?? 1) };
    const isBrokenOff = status.name === 'TERMINATED' || status.name === 'TIMED_OUT';
    return { state: 'ended', endedAtMs: (closeTime ?? startTime).getTime(), ...(isBrokenOff && { isBrokenOff }) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'unknown' };
    throw error;
  }
}

async function send<T>(client: Client, runId: string, signal: SignalDefinition<[T]>, message: T): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowIdFor(runId)).signal(signal, message);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
