import { randomUUID } from 'node:crypto';

import { Context } from '@temporalio/activity';
import { ApplicationFailure, Client, Connection, type WorkflowClient, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';

import { CONTROL_TASK_QUEUE, followTaskQueue, hostTaskQueue, RUN_WORKFLOW } from '../../contract/names';
import type { RunSubmission } from '../../contract/spec';
import { type Activities, fakeHost } from './fake-host';
import { startTemporal } from './temporal';
import { UNLIMITED_STEPS } from '../../worker/workflow-time';
import { bundleWorkflows, type WorkflowBundleFile } from './workflow-bundle';

/** A Temporal server and a workflow bundle for a test file. */
export interface WorkflowSuite {
  readonly env: TestWorkflowEnvironment;
  readonly client: WorkflowClient;
  /** For code that may give a call up: it sends none again by itself, which would fail once the connection is closed. */
  readonly plain: Client;
  /** Runs workers with these activities while `body` runs, and takes them away again. */
  withWorkers<T>(activities: Activities, body: (start: StartRun) => Promise<T>): Promise<T>;
}

export type StartRun = (submission: Partial<RunSubmission>, memo?: Record<string, unknown>) => Promise<WorkflowHandle>;

export interface WorkflowSuiteOptions {
  /**
   * Whether the workers stay for all tests of the file, each of whose runs has the activities of its own test. To begin and
   * end workers takes most of a short test, and tests may then run beside each other (`it.concurrent`): what waits, waits
   * for the same time. Not for a test to which it matters when there are workers. Default false.
   */
  keepWorkers?: boolean;
}

export function workflowSuite({ keepWorkers = false }: WorkflowSuiteOptions = {}): WorkflowSuite {
  let env: TestWorkflowEnvironment | undefined;
  let bundle: WorkflowBundleFile;
  let kept: { end(): Promise<void> } | undefined;
  const cast: Cast = new Map();
  const started = (): TestWorkflowEnvironment => {
    if (!env) throw new Error('the suite has not started');
    return env;
  };

  beforeAll(async () => {
    [env, bundle] = await Promise.all([startTemporal(), bundleWorkflows()]);
    if (keepWorkers) kept = await startWorkers(env, bundle, activitiesOfEach(cast));
  }, 120_000);
  let plain: Client | undefined;
  afterAll(async () => {
    await kept?.end();
    await plain?.connection.close();
    await env?.teardown();
  });

  return {
    get env() {
      return started();
    },
    get client() {
      return started().client.workflow;
    },
    get plain() {
      return (plain ??= new Client({ connection: Connection.lazy({ address: started().address, interceptors: [] }) }));
    },
    withWorkers: async (activities, body) => {
      const { client } = started();
      const start = startRunOn(client.workflow, (runId) => cast.set(runId, activities));
      if (kept) return body(start);
      const workers = await startWorkers(started(), bundle, activities);
      try {
        return await body(start);
      } finally {
        await workers.end();
      }
    },
  };
}

/** The activities of each run that a test has started. */
type Cast = Map<string, Activities>;

/** Activities that are those of the run that asks, or whose node or notification asks. */
function activitiesOfEach(cast: Cast): Activities {
  const names = Object.keys(fakeHost().activities) as (keyof Activities)[];
  const delegates = names.map((name) => [
    name,
    async (input: never) => {
      const { workflowId } = Context.current().info.workflowExecution!;
      const [runId = workflowId] = RUN_ID.exec(workflowId) ?? [];
      const activities = cast.get(runId);
      if (!activities) throw ApplicationFailure.nonRetryable(`no test has started ${workflowId}`);
      return (activities[name] as (input: never) => Promise<unknown>)(input);
    },
  ]);
  return Object.fromEntries(delegates) as Activities;
}

async function startWorkers(
  env: TestWorkflowEnvironment,
  bundle: WorkflowBundleFile,
  activities: Activities,
): Promise<{ end(): Promise<void> }> {
  const workers = await createWorkers(env, bundle, activities);
  const running = workers.map(async (worker) => worker.run());
  return {
    end: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    },
  };
}

async function createWorkers(
  { nativeConnection: connection, client }: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundleFile,
  activities: Activities,
): Promise<Worker[]> {
  const { admitRun, assignHost, claimLease, watchPool, recordRun, followContainer, sendNotification } = activities;
  const { pullImage, reachHost, startContainer, signalContainer, stopContainer, cleanUp } = activities;
  const shutdownGraceTime = '1 second';
  const common = { connection, shutdownGraceTime, maxHeartbeatThrottleInterval: '200 ms' };
  const requestTemporalCancel: Activities['requestTemporalCancel'] = async ({ workflowId, temporalRunId }) => {
    await client.workflow.getHandle(workflowId, temporalRunId).cancel();
  };
  const control = { admitRun, assignHost, claimLease, watchPool, recordRun, requestTemporalCancel, sendNotification };
  return Promise.all([
    Worker.create({
      ...common,
      ...UNLIMITED_STEPS,
      taskQueue: CONTROL_TASK_QUEUE,
      workflowBundle,
      activities: control,
    }),
    Worker.create({
      ...common,
      taskQueue: hostTaskQueue('fake'),
      activities: { reachHost, startContainer, signalContainer, stopContainer, cleanUp },
    }),
    Worker.create({ ...common, taskQueue: followTaskQueue('fake'), activities: { pullImage, followContainer } }),
  ]);
}

const RUN_ID = /test-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

function startRunOn(client: WorkflowClient, starting: (runId: string) => void): StartRun {
  return async (submission, memo) => {
    const workflowId = `test-${randomUUID()}`;
    starting(workflowId);
    return client.start(RUN_WORKFLOW, {
      taskQueue: CONTROL_TASK_QUEUE,
      workflowId,
      args: [{ image: 'trainyard/test:1', ...submission }],
      ...(memo ? { memo } : {}),
    });
  };
}
