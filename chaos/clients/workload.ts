import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import { type PlannedRun, submissionOf } from '../plan/runs';
import type { Asker } from './ask';
import { type Follower, followLog } from './follow-log';

/** A submission that a client sent until it was accepted. */
export interface Submitted {
  plan: PlannedRun;
  key: string;
  /** Folder of the host for what its containers write down. */
  truth: string;
  /** What its key was answered with, each id once; empty until it is accepted. */
  ids: string[];
  /** Sent once more with its key after it was accepted. */
  sentAgain: boolean;
  /** Whether somebody reads its log all the while; the reader is there from its acceptance on. */
  isFollowed: boolean;
  follower?: Follower;
}

export interface WorkloadOptions {
  apiUrl: string;
  asker: Asker;
  complain: (sentence: string) => void;
  plans: Iterator<PlannedRun>;
  /** Value of the label `chaos` of every run. */
  label: string;
  image: string;
  truthRoot: string;
  /** How many runs are kept alive. */
  live: number;
}

export interface Workload {
  readonly submitted: readonly Submitted[];
  /** Submits new runs as others end, until `ending` is aborted; then sees the submissions and cancels through. */
  keepAlive(ending: AbortSignal): Promise<void>;
  /** The runs that were accepted and have not ended; rejects where the API does not tell. */
  unfinished(): Promise<Run[]>;
}

const LOOK_EVERY_MS = 1_000;
/** One submission in so many is sent again, and one is followed. */
const SENT_AGAIN_ONE_IN = 3;
const FOLLOWED_ONE_IN = 4;

export function createWorkload(options: WorkloadOptions): Workload {
  const submitted: Submitted[] = [];
  const tasks: Promise<void>[] = [];

  const submitNext = (): void => {
    const number = submitted.length + 1;
    const key = `${options.label}-${number}`;
    const next: Submitted = {
      plan: options.plans.next().value as PlannedRun,
      key,
      truth: join(options.truthRoot, key),
      ids: [],
      sentAgain: number % SENT_AGAIN_ONE_IN === 0,
      isFollowed: number % FOLLOWED_ONE_IN === 0,
    };
    submitted.push(next);
    const task = liveOut(options, next);
    tasks.push(task);
    // Its failure is for keepAlive to tell, which may be busy with another one just then.
    task.catch(() => undefined);
  };

  return {
    submitted,
    unfinished: async () => (await listRuns(options)).filter(({ state }) => !isEndState(state)),
    keepAlive: async (ending) => {
      while (!ending.aborted) {
        const runs = await listRuns(options);
        const ended = runs.filter(({ state }) => isEndState(state)).length;
        for (let alive = submitted.length - ended; alive < options.live; alive += 1) submitNext();
        await sleep(LOOK_EVERY_MS, undefined, { signal: ending }).catch(() => undefined);
      }
      await Promise.all(tasks);
    },
  };
}

/** All runs of the workload that the API lists. */
export async function listRuns({ asker, label }: Pick<WorkloadOptions, 'asker' | 'label'>): Promise<Run[]> {
  const runs: Run[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await asker.ask(`/v1/runs?limit=200&label=${encodeURIComponent(`chaos:${label}`)}${from}`);
    if (status !== 200) throw new Error(`the list of runs was answered ${status}: ${body}`);
    const page = JSON.parse(body) as { items: Run[]; next: string | null };
    runs.push(...page.items);
    cursor = page.next;
  }
  return runs;
}

/** What a client does for one run: submits it, and cancels it where its plan says so. */
async function liveOut(options: WorkloadOptions, run: Submitted): Promise<void> {
  mkdirSync(run.truth);
  // The user of the container writes there.
  chmodSync(run.truth, 0o777);
  await submit(options, run);
  const [id] = run.ids;
  if (id === undefined) return;
  if (run.isFollowed) run.follower = followLog(options.apiUrl, id);
  if (run.plan.cancel === 'never') return;
  if (run.plan.cancel !== 'at-once') {
    await untilStarted(options, id);
    await sleep(run.plan.cancel.afterStartMs);
  }
  const { status, body } = await options.asker.ask(`/v1/runs/${id}/cancel`, { method: 'POST' });
  if (status >= 400) options.complain(`The cancel of ${id} was answered ${status}: ${body}`);
}

async function submit(options: WorkloadOptions, run: Submitted): Promise<void> {
  const { asker, complain } = options;
  for (let time = 1; time <= (run.sentAgain ? 2 : 1); time += 1) {
    const { status, body } = await asker.ask('/v1/runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': run.key },
      body: JSON.stringify(submissionOf(run.plan, { ...options, truth: run.truth })),
    });
    if (status !== 202) complain(`The submission ${run.key} was answered ${status}: ${body}`);
    else {
      const { id } = JSON.parse(body) as Run;
      if (!run.ids.includes(id)) run.ids.push(id);
    }
  }
}

/** Resolves when a container of the run has started, or the run has ended without one. */
async function untilStarted({ asker, complain }: WorkloadOptions, id: string): Promise<void> {
  for (;;) {
    const { status, body } = await asker.ask(`/v1/runs/${id}`);
    if (status !== 200) complain(`The accepted run ${id} was answered ${status}: ${body}`);
    else {
      const { state, startedAt } = JSON.parse(body) as Run;
      if (startedAt !== null || isEndState(state)) return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}
