import { proxyActivities, proxyLocalActivities, type ActivityInterfaceFor } from '@temporalio/workflow';

import type { ControlActivities, FollowActivities, HostActivities } from '../contract/activities';
import type { LeaseActivities } from '../contract/pool-messages';
import { CONTROL_TASK_QUEUE, followTaskQueue, hostTaskQueue } from '../contract/names';
import type { EndReason } from '../contract/reason';
import { formatDuration } from '../contract/units';

/**
 * How a run calls its activities: one proxy for each class of call, each with its reason. A known failure is never retried
 * by Temporal (activities throw it as non-retryable): what to make of it is the policy's to say.
 */

/** How long a worker may be silent before Temporal takes it for dead and hands its activity to the next. */
const HEARTBEAT_TIMEOUT = '15 seconds';

/** Quick and local to the control worker: they cost no task of their own on the way to a container. */
export const quickControl = proxyLocalActivities<ControlActivities>({
  startToCloseTimeout: '10 seconds',
  // Longer waits become timers, so that a store that is away does not hold up a signal.
  localRetryThreshold: '2 seconds',
  retry: {
    initialInterval: '200 ms',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    // Waiting for a host is patientControl's part.
    nonRetryableErrorTypes: ['no-host' satisfies EndReason],
  },
});

/**
 * The question for a lease that the admission has not answered. It is no local activity, so that the reports that are under
 * way meanwhile, and a store that is away, have nothing to do with it. Its end is always waited for: a claim that arrives
 * after its release would take a place for nobody.
 */
export const leases = proxyActivities<LeaseActivities>({
  taskQueue: CONTROL_TASK_QUEUE,
  startToCloseTimeout: '4 seconds',
  scheduleToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '1 second' },
  summary: 'Asks the pool for a lease',
});

/**
 * The wait for a host. Temporal itself asks again and again, which leaves no trace in the history however long it takes;
 * after five minutes the workflow looks up, to say what it waits for now.
 */
export const patientControl = proxyActivities<Pick<ControlActivities, 'assignHost'>>({
  taskQueue: CONTROL_TASK_QUEUE,
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '5 minutes',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1 second', backoffCoefficient: 1.5, maximumInterval: '5 seconds' },
  summary: 'Waits for a host that can take the run',
});

/**
 * Calls to one host's engine. One that no worker of the host takes up within {@link CallOptions.silenceMs} fails with a
 * timeout of the kind that `isHostSilent` (workflows/failure) knows.
 */
export interface HostCalls {
  /** Waits for the host, for as long as the policy lets it be unreachable. */
  reachHost: ActivityInterfaceFor<HostActivities>['reachHost'];
  /** Waits for a host that is lost already, for as long as it takes; nothing waits for this but who has nothing else to do. */
  awaitHost: ActivityInterfaceFor<HostActivities>['reachHost'];
  pullImage: ActivityInterfaceFor<HostActivities>['pullImage'];
  startContainer: ActivityInterfaceFor<HostActivities>['startContainer'];
  /** Given up soon: what it is for is over soon. */
  signalContainer: ActivityInterfaceFor<HostActivities>['signalContainer'];
  stopContainer: HostActivities['stopContainer'];
  cleanUp: ActivityInterfaceFor<HostActivities>['cleanUp'];
  /** The same for an attempt that started nothing: given up after half a minute. */
  cleanUpBriefly: ActivityInterfaceFor<HostActivities>['cleanUp'];
  followContainer: ActivityInterfaceFor<FollowActivities>['followContainer'];
}

export interface CallOptions {
  /** One line for the Web UI, by activity. */
  summaries: Record<Exclude<keyof HostCalls, 'awaitHost' | 'cleanUpBriefly'>, string>;
  pullTimeoutMs: number;
  startTimeoutMs: number;
  /** How long a host may be unreachable before it is lost. */
  unreachableMs: number;
}

/** A host whose worker takes up nothing for this long does not answer; with the heartbeat timeout before it, 45 s. */
const SILENCE_MS = 30_000;

export function callsTo(host: string, options: CallOptions): HostCalls {
  return { ...waits(host, options), ...shortCalls(host, options), ...longCalls(host, options) };
}

function silenceOf({ unreachableMs }: CallOptions): number {
  return Math.min(SILENCE_MS, unreachableMs);
}

function waits(host: string, { summaries, unreachableMs }: CallOptions) {
  const taskQueue = hostTaskQueue(host);
  const { reachHost } = proxyActivities<HostActivities>({
    taskQueue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToCloseTimeout: unreachableMs,
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    summary: summaries.reachHost,
  });
  const { reachHost: awaitHost } = proxyActivities<HostActivities>({
    taskQueue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: '3650 days',
    // Whoever waits may have something better to do at any time.
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    summary: summaries.reachHost,
  });
  return { reachHost, awaitHost };
}

function shortCalls(host: string, options: CallOptions) {
  const { summaries, startTimeoutMs } = options;
  const taskQueue = hostTaskQueue(host);
  const scheduleToStartTimeout = silenceOf(options);
  const { startContainer } = proxyActivities<HostActivities>({
    taskQueue,
    scheduleToStartTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: startTimeoutMs,
    // It is idempotent, so a worker that died in the middle is simply followed by the next.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 3 },
    summary: summaries.startContainer,
  });
  const { cleanUp } = proxyActivities<HostActivities>({
    taskQueue,
    scheduleToStartTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: '10 minutes',
    // Nothing is said to be gone before it is, while the engine is away.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '15 seconds' },
    summary: summaries.cleanUp,
  });
  const { cleanUp: cleanUpBriefly } = proxyActivities<HostActivities>({
    taskQueue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2 },
    summary: summaries.cleanUp,
  });
  return { startContainer, signalContainer: signalCall(host, options), cleanUp, cleanUpBriefly };
}

function signalCall(host: string, options: CallOptions): HostCalls['signalContainer'] {
  return proxyActivities<HostActivities>({
    taskQueue: hostTaskQueue(host),
    scheduleToStartTimeout: silenceOf(options),
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: '30 seconds',
    // The program may end at the signal, and nobody waits for the answer then.
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 3 },
    summary: options.summaries.signalContainer,
  }).signalContainer;
}

/** Slack for the engine's own work around a time that the policy sets. */
const MARGIN_MS = 60_000;

function longCalls(host: string, options: CallOptions) {
  const { summaries, pullTimeoutMs } = options;
  const scheduleToStartTimeout = silenceOf(options);
  const { pullImage } = proxyActivities<HostActivities>({
    // Pulls take their time, too: on the queue of the short calls they would keep a stop waiting.
    taskQueue: followTaskQueue(host),
    scheduleToStartTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: pullTimeoutMs,
    // A cancel need not wait for the registry: there is no container yet.
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 3 },
    summary: summaries.pullImage,
  });
  const stopContainer: HostCalls['stopContainer'] = async (input) =>
    proxyActivities<HostActivities>({
      taskQueue: hostTaskQueue(host),
      scheduleToStartTimeout,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      startToCloseTimeout: input.graceMs + MARGIN_MS,
      retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
      summary: `${summaries.stopContainer}, ${formatDuration(input.graceMs)} of grace, SIGKILL`,
    }).stopContainer(input);
  const { followContainer } = proxyActivities<FollowActivities>({
    taskQueue: followTaskQueue(host),
    // Counted anew each time that Temporal hands it out again, so it tells when nobody of the host is there.
    scheduleToStartTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    // The follow itself never ends a run: the workflow's own timers do, so that a worker's trouble cannot.
    startToCloseTimeout: '3650 days',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    summary: summaries.followContainer,
  });
  return { pullImage, stopContainer, followContainer };
}
