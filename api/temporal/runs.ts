import {
  QueryNotRegisteredError,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  defaultPayloadConverter,
  defineSearchAttributeKey,
  type SearchAttributePair,
  type SignalDefinition,
} from '@temporalio/common';

import type { PullProgress } from '../../contract/activities';
import { CONTROL_TASK_QUEUE, MEMO, RUN_WORKFLOW, type RunSearchAttribute, workflowIdFor } from '../../contract/names';
import type { RunStatus } from '../../contract/run';
import type { RunChange } from '../../contract/run-change';
import type { RunSubmission } from '../../contract/spec';
import { cancelSignal, resumeSignal, statusQuery, suspendSignal } from '../../workflows/messages';
import { ProblemError } from '../problem-error';
import { GRPC, grpcCodeOf, type TemporalCaller } from './calls';
import { changeRun, type ChangeAnswer } from './change';

/** Runs, as their workflows. */
export interface RunGateway {
  /** Starts the workflow of a run. `exists`: there is or was one with this id; nothing was started. */
  start(run: RunToStart): Promise<'started' | 'exists'>;
  /** Hash of the submission that a run was started with; undefined where Temporal knows no such run. */
  submissionHash(runId: string): Promise<{ hash: string | null } | undefined>;
  /** The run as its workflow tells it; undefined where Temporal knows no such run. */
  status(runId: string): Promise<RunStatus | undefined>;
  /** How far the pull of a run's image is, from the heartbeats of the activity; null where there is none to ask. */
  pullProgress(runId: string): Promise<PullProgress | null>;
  /** Asks the run to end. False where it has ended already, or never was. */
  cancel(runId: string, by: string): Promise<boolean>;
  /** Asks the run to give up its container and to wait. False where it has ended already, or never was. */
  suspend(runId: string, by: string): Promise<boolean>;
  /** Lets it go on. False where it has ended already, or never was. */
  resume(runId: string, by: string): Promise<boolean>;
  /** Changes limits and labels of a run that goes on. */
  change(runId: string, change: RunChange): Promise<ChangeAnswer>;
}

export interface RunToStart {
  runId: string;
  submission: RunSubmission;
  submissionHash: string;
  /** Where it comes from, if it repeats another run; the workflow finds it in its memo. */
  origin?: { rerunOf: string; recipe: string | null; by: string | null };
  /** What the Web UI shows; Markdown. */
  summary: string;
  details: string;
  attributes: RunAttributes;
}

export type RunAttributes = Partial<Record<RunSearchAttribute, string>>;

export function createRunGateway(workflows: WorkflowClient, call: TemporalCaller): RunGateway {
  return {
    start: (run) => start(workflows, call, run),
    submissionHash: (runId) => readSubmissionHash(workflows, call, runId),
    status: (runId) => readStatus(workflows, call, runId),
    pullProgress: (runId) => readPullProgress(workflows, call, runId),
    cancel: (runId, by) => send(workflows, call, runId, cancelSignal, by),
    suspend: (runId, by) => send(workflows, call, runId, suspendSignal, by),
    resume: (runId, by) => send(workflows, call, runId, resumeSignal, by),
    change: (runId, change) => changeRun(workflows, call, runId, change),
  };
}

/** In the form that Temporal's client takes. */
export function searchAttributesOf(attributes: RunAttributes): SearchAttributePair[] {
  return Object.entries(attributes).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value,
  }));
}

async function start(workflows: WorkflowClient, call: TemporalCaller, run: RunToStart): Promise<'started' | 'exists'> {
  try {
    await call.make(() =>
      workflows.start(RUN_WORKFLOW, {
        taskQueue: CONTROL_TASK_QUEUE,
        workflowId: workflowIdFor(run.runId),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [run.submission],
        memo: memoOf(run),
        typedSearchAttributes: searchAttributesOf(run.attributes),
        staticSummary: run.summary,
        staticDetails: run.details,
      }),
    );
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
    throw error;
  }
}

function memoOf({ submissionHash, origin }: RunToStart): Record<string, string> {
  const memo = {
    [MEMO.submissionHash]: submissionHash,
    [MEMO.rerunOf]: origin?.rerunOf,
    [MEMO.recipe]: origin?.recipe,
    [MEMO.by]: origin?.by,
  };
  return Object.fromEntries(
    Object.entries(memo).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

async function readSubmissionHash(
  workflows: WorkflowClient,
  call: TemporalCaller,
  runId: string,
): Promise<{ hash: string | null } | undefined> {
  try {
    const { memo } = await call(() => workflows.getHandle(workflowIdFor(runId)).describe());
    const hash = memo?.[MEMO.submissionHash];
    return { hash: typeof hash === 'string' ? hash : null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/**
 * What a query that no worker takes up ends with. The deadline goes to the server too, and where its clock is the first to
 * ring, the call is cancelled and not overdue.
 */
const UNANSWERED = new Set<number | undefined>([GRPC.failedPrecondition, GRPC.deadlineExceeded, GRPC.cancelled]);

async function readStatus(
  workflows: WorkflowClient,
  call: TemporalCaller,
  runId: string,
): Promise<RunStatus | undefined> {
  // A query of a run that nobody works on is answered by a deadline only; existence is known at once.
  if ((await readSubmissionHash(workflows, call, runId)) === undefined) return undefined;
  try {
    return await call.ask(() => workflows.getHandle(workflowIdFor(runId)).query(statusQuery));
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof WorkflowNotFoundError) return undefined;
    if (UNANSWERED.has(grpcCodeOf(error))) throw notKnownYet(runId, error);
    throw error;
  }
}

async function readPullProgress(
  workflows: WorkflowClient,
  call: TemporalCaller,
  runId: string,
): Promise<PullProgress | null> {
  const { raw } = await call(() => workflows.getHandle(workflowIdFor(runId)).describe());
  const pulling = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'pullImage');
  const payload = pulling?.heartbeatDetails?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<PullProgress | null>(payload) : null;
}

function notKnownYet(runId: string, cause: unknown): ProblemError {
  const detail = `The run "${runId}" exists in Temporal, but no worker has told of it yet; ask again when a worker runs.`;
  return new ProblemError('not-known-yet', detail, { headers: { 'retry-after': '5' }, cause });
}

async function send(
  workflows: WorkflowClient,
  call: TemporalCaller,
  runId: string,
  signal: SignalDefinition<[{ by?: string }?]>,
  by: string,
): Promise<boolean> {
  try {
    await call(() => workflows.getHandle(workflowIdFor(runId)).signal(signal, { by }));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
