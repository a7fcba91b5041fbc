import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';

import type {
  AdmittedRun,
  AssignedHost,
  ContainerOutcome,
  ControlActivities,
  FollowActivities,
  HostActivities,
  NotifyActivities,
} from '../../contract/activities';
import type { ClaimAnswer, ClaimInput, Lease } from '../../contract/pool';
import type { LeaseActivities, PoolActivities, PoolWord } from '../../contract/pool-messages';
import type { Attempt, Run, RunEvent, RunUpdate } from '../../contract/run';
import type { RunSpec, RunSubmission } from '../../contract/spec';
import type { PolicyInput } from '../../contract/spec-policy';
import { until } from './until';

/** What the activities of a workflow test do; a test replaces what it is about. */
export type Activities = ControlActivities &
  LeaseActivities &
  PoolActivities &
  HostActivities &
  FollowActivities &
  NotifyActivities;

export const GOOD_OUTCOME: ContainerOutcome = {
  exitCode: 0,
  oomKilled: false,
  vanished: false,
  error: '',
  commandProblem: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  logLines: 3,
  logGaps: 0,
};

/** A spec with every default, as `admitRun` would give it. */
export function specOf(submission: RunSubmission): RunSpec {
  const { timeouts, retries } = (submission.policy ?? {}) as PolicyInput;
  return {
    name: submission.name ?? 'test',
    image: submission.image ?? 'trainyard/test:1',
    pullPolicy: submission.pullPolicy ?? 'if-not-present',
    command: submission.command ?? ['true'],
    params: submission.params ?? {},
    env: {},
    mounts: [],
    resources: { cpus: 1, memory: '1g', shm: '64m', pids: 512, gpus: 0 },
    pool: 'default',
    project: 'default',
    owner: 'nobody',
    priority: submission.priority ?? 50,
    preemptible: submission.preemptible ?? false,
    nodes: submission.nodes ?? 1,
    placement: { labels: {} },
    network: 'none',
    user: '1000:1000',
    labels: submission.labels ?? {},
    logs: submission.logs ?? {},
    notify: (submission.notify ?? []) as RunSpec['notify'],
    ...(submission.checkpoint && { checkpoint: { path: '/checkpoints', keep: 3, ...submission.checkpoint } }),
    policy: {
      timeouts: {
        queued: '24h',
        pull: '60m',
        pullSilence: '5m',
        start: '2m',
        running: '12h',
        unreachable: '30m',
        total: '36h',
        grace: '30s',
        ...timeouts,
      },
      retries: {
        attempts: 1,
        delay: '10ms',
        factor: 1,
        maxDelay: '5m',
        infrastructure: 5,
        sameFailure: 2,
        rules: [],
        ...retries,
      },
    },
  };
}

/** Activities of a host where all goes well, which remembers every call by name, in order. */
export function fakeHost(changes: Partial<Activities> = {}): {
  activities: Activities;
  calls: string[];
  records: Records;
} {
  const calls: string[] = [];
  const records = createRecords();
  const good: Activities = {
    admitRun: async ({ submission }): Promise<AdmittedRun> => ({
      spec: specOf(submission),
      specHash: 'hash',
      recipe: submission.recipe ?? null,
      assigned: null,
    }),
    assignHost: async () => ({ host: 'fake' }),
    // What the host is that a test speaks of, or why there is none, so is the lease.
    claimLease: async (claim) => answerOf(claim, async () => activities.assignHost({ ...claim, ...claim.request })),
    watchPool: async () => Context.current().cancelled,
    recordRun: async ({ toPool = [], ...update }) => {
      records.words.push(...toPool);
      records.add(update);
    },
    // The suite puts the real one in its place: only Temporal can say whether it worked.
    requestTemporalCancel: async () => {},
    pullImage: async () => ({ imageId: 'sha256:1', digest: 'sha256:2', pulled: false, durationMs: 1 }),
    reachHost: async () => {},
    startContainer: async ({ runId, attempt }) => ({
      containerId: `container-${attempt}-of-${runId}`,
      containerName: `trainyard-${runId}-${attempt}`,
      startedAt: '2026-01-01T00:00:00.000Z',
    }),
    followContainer: async () => GOOD_OUTCOME,
    signalContainer: async () => ({ sent: true }),
    stopContainer: async () => ({ how: 'terminated' }),
    cleanUp: async () => ({ removed: 1 }),
    sendNotification: async () => ({ status: 200 }),
  };
  const activities = withCallsNoted({ ...good, ...changes }, calls);
  return { activities, calls, records };
}

/** The same, with an admission that finds the host of the first attempt by itself. */
export function placedAtOnce(activities: Activities): Activities {
  const { admitRun } = activities;
  return {
    ...activities,
    admitRun: async (input) => {
      const { runId, claimSince } = input;
      const claim = { runId, claim: 1, attempt: 1 };
      const admitted = { ...(await admitRun(input)), assigned: { host: 'fake' } };
      return claimSince === undefined ? admitted : { ...admitted, answer: { kind: 'granted', lease: leaseOf(claim) } };
    },
  };
}

/** A lease of the host `fake`. */
export function leaseOf(
  { runId, claim, attempt }: Omit<ClaimInput, 'request'>,
  { host, ...more }: AssignedHost = { host: 'fake' },
): Lease {
  const node = { host, cpus: 1, memoryBytes: 1 << 30, gpuIds: [], ...(more as object) };
  return { runId, claim, attempt, nodes: [node], grantedAt: '2026-01-01T00:00:00.000Z', because: 'It is free.' };
}

/** What a pool says to a run that has to wait. */
export function queuedAnswer(runId: string, waitsFor: string): ClaimAnswer {
  const explanation = { runId, place: 1, queued: 1, waitsFor, freedBy: 'a host', estimatedStart: null };
  return { kind: 'queued', explanation: { ...explanation, cause: 'no-host' } };
}

async function answerOf(claim: ClaimInput, assignHost: () => Promise<AssignedHost>): Promise<ClaimAnswer> {
  try {
    return { kind: 'granted', lease: leaseOf(claim, await assignHost()) };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'no-host') throw error;
    return queuedAnswer(claim.runId, `Waits for a host: ${error.message}`);
  }
}

export interface Records {
  add(update: RunUpdate): void;
  /** In the order in which they came. */
  updates: RunUpdate[];
  events: RunEvent[];
  /** What the pool was told. */
  words: PoolWord[];
  states(): string[];
  latest(): Run;
  /** Events of the type `note`. */
  notes(): RunEvent[];
  /** Its attempts, as they were told last. */
  attempts(): Attempt[];
  /** Resolves when the run has been seen in this state. */
  reached(state: Run['state']): Promise<void>;
  /** Resolves when an event has told this. */
  said(message: string): Promise<void>;
}

function createRecords(): Records {
  const updates: RunUpdate[] = [];
  const events: RunEvent[] = [];
  const last = (): RunUpdate => {
    const update = updates.at(-1);
    if (!update) throw new Error('nothing was recorded yet');
    return update;
  };
  return {
    updates,
    events,
    words: [],
    add: (update) => {
      updates.push(update);
      events.push(...update.events);
    },
    states: () => events.filter(({ type }) => type === 'state-changed').map(({ state }) => state),
    notes: () => events.filter(({ type }) => type === 'note'),
    latest: () => last().run,
    attempts: () => last().attempts,
    reached: async (state) => {
      await until(() => events.some((event) => event.state === state));
    },
    said: async (message) => {
      await until(() => events.some((event) => event.message === message));
    },
  };
}

/** Calls that say nothing about what happens to the container. */
const BOOKKEEPING = ['recordRun', 'requestTemporalCancel', 'claimLease', 'watchPool'];

function withCallsNoted(activities: Activities, calls: string[]): Activities {
  const noted = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never) => {
      if (!BOOKKEEPING.includes(name)) calls.push(name);
      return (activity as (input: never) => Promise<unknown>)(input);
    },
  ]);
  return Object.fromEntries(noted) as Activities;
}
