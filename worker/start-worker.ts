import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

import { createFollowActivities } from '../activities/follow-activities';
import { createHostActivities } from '../activities/host-activities';
import { createControlActivities } from '../activities/control-activities';
import type { Config } from '../config/config';
import { CONTROL_TASK_QUEUE, followTaskQueue, hostTaskQueue } from '../contract/names';
import type { RecipeBook } from '../contract/recipe';
import type { Engine } from '../docker/engine';
import { startHostReporter } from '../host/host-reporter';
import { createPumps, type Pumps } from '../host/pumps';
import type { LateLogStore } from '../store/late-log-store';
import type { LogStore } from '../store/log-store';
import type { RunStore } from '../store/run-store';
import type { TemporalLink } from './temporal-link';

export interface WorkerDeps {
  config: Config;
  log: Logger;
  store: RunStore;
  logs: LogStore;
  lateLogs: LateLogStore;
  /** Only the role `host` uses it. */
  engine: Engine;
  recipes: RecipeBook;
  temporal: TemporalLink;
}

export interface RunningWorker {
  /** Rejects when one of the roles failed for good; resolves after {@link RunningWorker.stop}. */
  ended: Promise<void>;
  /**
   * Hands the activities back to Temporal and stops reading logs. Containers go on; whoever takes the role next finds them
   * by their labels.
   */
  stop(): Promise<void>;
}

/** How long activities may take to hand over when a worker stops. */
const SHUTDOWN_GRACE = '3 seconds';
/** After this a worker stops, whatever an activity does. */
const SHUTDOWN_FORCE = '8 seconds';
/** Short calls to an engine that one host worker makes at once. */
const SHORT_CALLS = 40;

/** Starts the roles that the config names, in one process. Where one cannot be started, none of them stays. */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { config } = deps;
  const pumps = config.worker.roles.includes('host') ? createPumps(deps) : null;
  // Before any task: the logs of what ran on while no worker was there must not wait for Temporal.
  await pumps?.start();
  const reporter = pumps ? startHostReporter(deps) : null;
  const leaveHost = async (): Promise<void> => {
    await reporter?.stop();
    await pumps?.stop();
  };

  const plans = [
    ...(config.worker.roles.includes('control') ? [controlPlan(deps)] : []),
    ...(pumps ? hostPlans(deps, pumps) : []),
  ];
  const workers = await createAll(plans).catch(async (error: unknown) => {
    await leaveHost();
    throw error;
  });
  const running = workers.map(async (worker) => worker.run());

  return {
    ended: Promise.all(running).then(() => undefined),
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await leaveHost();
      // One that failed has told so through `ended`; the others still use what the caller closes next.
      await Promise.allSettled(running);
    },
  };
}

async function createAll(plans: WorkerOptions[]): Promise<Worker[]> {
  const created = await Promise.allSettled(plans.map(async (plan) => Worker.create(plan)));
  const workers = created.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = created.find((result) => result.status === 'rejected');
  if (failed === undefined) return workers;
  // A worker gives back its part of the connection only by running to its end.
  await Promise.allSettled(workers.map(async (worker) => worker.runUntil(async () => undefined)));
  throw failed.reason;
}

function common({
  config,
  temporal,
}: WorkerDeps): Pick<WorkerOptions, 'connection' | 'namespace' | 'shutdownGraceTime' | 'shutdownForceTime'> {
  return {
    connection: temporal.native,
    namespace: config.temporal.namespace,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  };
}

function controlPlan(deps: WorkerDeps): WorkerOptions {
  const { store, recipes, temporal } = deps;
  return {
    ...common(deps),
    ...workflowCode(),
    taskQueue: CONTROL_TASK_QUEUE,
    activities: createControlActivities({ store, recipes, cancelWorkflow: temporal.cancelWorkflow }),
  };
}

function hostPlans(deps: WorkerDeps, pumps: Pumps): WorkerOptions[] {
  const { config } = deps;
  const { name } = config.host;
  return [
    {
      ...common(deps),
      taskQueue: hostTaskQueue(name),
      activities: { ...createHostActivities({ ...deps, pumps }) },
      maxConcurrentActivityTaskExecutions: SHORT_CALLS,
      // The progress of a pull is read from its heartbeats.
      maxHeartbeatThrottleInterval: '1 second',
    },
    {
      ...common(deps),
      taskQueue: followTaskQueue(name),
      activities: { ...createFollowActivities({ ...deps, pumps }) },
      // One slot for each container: the default of 100 would leave the next ones without anybody who follows them.
      maxConcurrentActivityTaskExecutions: config.worker.maxFollows,
      maxHeartbeatThrottleInterval: '4 seconds',
    },
  ];
}

/** The bundle that the build made, or, from source, the workflows themselves. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = join(__dirname, '..', 'workflow-bundle.js');
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: require.resolve('../workflows/index') };
}
