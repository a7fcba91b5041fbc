import { randomUUID } from 'node:crypto';

import { Client, Connection, type WorkflowClient, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';

import { CONTROL_TASK_QUEUE, followTaskQueue, hostTaskQueue, RUN_WORKFLOW } from '../../contract/names';
import type { RunSubmission } from '../../contract/spec';
import type { Activities } from './fake-host';
import { startTemporal } from './temporal';
import { UNLIMITED_STEPS } from '../../worker/workflow-time';
import { bundleWorkflows, type WorkflowBundleFile } from './workflow-bundle';

/**
 * A Temporal server and a workflow bundle for a test file. Workflow tests of one file run one after another: the queue of
 * the control worker has a fixed name.
 */
export interface WorkflowSuite {
  readonly env: TestWorkflowEnvironment;
  readonly client: WorkflowClient;
  /** For code that may give a call up: it sends none again by itself, which would fail once the connection is closed. */
  readonly plain: Client;
  /** Runs workers with these activities while `body` runs, and takes them away again. */
  withWorkers<T>(activities: Activities, body: (start: StartRun) => Promise<T>): Promise<T>;
}

export type StartRun = (submission: Partial<RunSubmission>, memo?: Record<string, unknown>) => Promise<WorkflowHandle>;

export function workflowSuite(): WorkflowSuite {
  let env: TestWorkflowEnvironment | undefined;
  let bundle: WorkflowBundleFile;
  const started = (): TestWorkflowEnvironment => {
    if (!env) throw new Error('the suite has not started');
    return env;
  };

  beforeAll(async () => {
    [env, bundle] = await Promise.all([startTemporal(), bundleWorkflows()]);
  }, 120_000);
  let plain: Client | undefined;
  afterAll(async () => {
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
      const workers = await createWorkers(started(), bundle, activities);
      const running = workers.map(async (worker) => worker.run());
      try {
        return await body(startRunOn(started().client.workflow));
      } finally {
        for (const worker of workers) worker.shutdown();
        await Promise.all(running);
      }
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

function startRunOn(client: WorkflowClient): StartRun {
  return async (submission, memo) =>
    client.start(RUN_WORKFLOW, {
      taskQueue: CONTROL_TASK_QUEUE,
      workflowId: `test-${randomUUID()}`,
      args: [{ image: 'trainyard/test:1', ...submission }],
      ...(memo ? { memo } : {}),
    });
}
