import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Context } from '@temporalio/activity';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

import { createFollowActivities } from '../activities/follow-activities';
import { createHostActivities } from '../activities/host-activities';
import { createControlActivities } from '../activities/control-activities';
import { createDirectPool } from '../activities/direct-pool';
import { createNotifyActivities, type NotifyDeps } from '../activities/notify-activities';
import { createPoolActivities } from '../activities/pool-activities';
import { createRetentionActivities } from '../activities/retention-activities';
import type { Config } from '../config/config';
import { startReadModelHealer } from '../control/read-model-healer';
import { CONTROL_TASK_QUEUE, DEFAULT_POOL, followTaskQueue, hostTaskQueue } from '../contract/names';
import type { RecipeBook } from '../contract/recipe';
import { newestCheckpoint, removeCheckpoints } from '../host/checkpoints';
import { createAddressRules } from '../notify/addresses';
import { createTargetCheck } from '../notify/check-targets';
import { openSecretFolder } from '../notify/secrets';
import { createSender } from '../notify/sender';
import type { LogStore } from '../store/log-store';
import type { PolicyStore } from '../store/policy-store';
import type { RunStore } from '../store/run-store';
import type { HostInstance } from './host-instance';
import type { HostSide } from './host-side';
import type { TemporalLink } from './temporal-link';
import { UNLIMITED_STEPS } from './workflow-time';

export interface WorkerDeps {
  config: Config;
  log: Logger;
  store: RunStore;
  logs: LogStore;
  /** Null without the role `host`. */
  host: HostSide | null;
  recipes: RecipeBook;
  policies: PolicyStore;
  temporal: TemporalLink;
  instance: HostInstance;
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
  const { config, host, temporal } = deps;
  await host?.meet(temporal);
  if (config.worker.roles.includes('control') && !config.pools.direct) {
    const pools = new Set([DEFAULT_POOL, config.host.pool]);
    await Promise.all([...pools].map((pool) => temporal.pools.start(pool)));
    // Before the workers, which could not replay the histories of such pools.
    await temporal.pools.renewAll();
  }
  const workers = await createAll([
    ...(config.worker.roles.includes('control') ? [controlPlan(deps)] : []),
    ...(host ? hostPlans(deps, host) : []),
  ]);
  const running = workers.map(async (worker) => worker.run());
  // After the workers: they answer what it asks of the workflows.
  const healer = config.worker.roles.includes('control')
    ? startReadModelHealer({ ...deps, workflows: temporal.witness })
    : null;

  return {
    ended: Promise.all(running).then(() => undefined),
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await healer?.stop();
      // Whoever waits for a pump is let go.
      await host?.stop();
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
  const { store, recipes, policies, temporal, config } = deps;
  const rules = createAddressRules(config.notify.allowedPrivate);
  const secrets = openSecretFolder(config.secrets.folder);
  const sender = createSender({ rules, secrets, publicUrl: config.api.publicUrl });
  const checkTargets = createTargetCheck({ rules, secrets });
  const { cancelWorkflow, standingOf } = temporal;
  const pools = config.pools.direct ? createDirectPool(store) : temporal.pools;
  const runs = { ...temporal.pools, standingOf, liveRuns: () => temporal.witness.liveRuns() };
  return {
    ...common(deps),
    ...workflowCode(),
    ...UNLIMITED_STEPS,
    taskQueue: CONTROL_TASK_QUEUE,
    activities: {
      ...createControlActivities({
        ...{ store, recipes, policies, checkTargets, cancelWorkflow, pools },
        currentExecution: () => Context.current().info.workflowExecution?.runId,
      }),
      ...createPoolActivities({ store, runs }),
      ...createNotifyActivities({ sender, current: tryUnderWay }),
      ...createRetentionActivities({
        ...deps,
        removeCheckpoints: (runId) => removeCheckpoints(deps.config.data, runId),
        heartbeat: (details) => Context.current().heartbeat(details),
      }),
    },
  };
}

function tryUnderWay(): ReturnType<NotifyDeps['current']> {
  const { info, cancellationSignal } = Context.current();
  return { attempt: info.attempt, cancellationSignal };
}

function hostPlans(deps: WorkerDeps, host: HostSide): WorkerOptions[] {
  const { config } = deps;
  const { name } = config.host;
  const { pullImage, ...short } = createHostActivities({ ...deps, ...host, standingOf: deps.temporal.standingOf });
  return [
    {
      ...common(deps),
      identity: deps.instance.identity,
      taskQueue: hostTaskQueue(name),
      activities: { ...short },
      maxConcurrentActivityTaskExecutions: SHORT_CALLS,
    },
    {
      ...common(deps),
      identity: deps.instance.identity,
      taskQueue: followTaskQueue(name),
      activities: {
        pullImage,
        ...createFollowActivities({
          ...deps,
          ...host,
          newestCheckpoint: async (runId) => (await newestCheckpoint(config.data, runId))?.name ?? null,
        }),
      },
      // One slot for each container: the default of 100 would leave the next ones without anybody who follows them.
      maxConcurrentActivityTaskExecutions: config.worker.maxFollows,
      // The progress of a pull is read from its heartbeats.
      maxHeartbeatThrottleInterval: '1 second',
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
