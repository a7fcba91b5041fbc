import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

import { CONTROL_TASK_QUEUE, workflowIdFor } from '../contract/names';
import type { PoolActivities, PoolInput } from '../contract/pool-messages';
import { Alarm } from './alarm';
import { leaseGrantedSignal, preemptSignal } from './messages';
import { keepInMemo } from './pool-memo';
import { PoolDesk, type Word } from './pool-desk';
import { listenAsPool } from './pool-listen';
import { PoolStory } from './pool-story';

const { watchPool } = proxyActivities<PoolActivities>({
  taskQueue: CONTROL_TASK_QUEUE,
  heartbeatTimeout: '15 seconds',
  startToCloseTimeout: '3650 days',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
  summary: 'Tells of hosts that change, and of runs that end without a word',
});

const MOST_MESSAGES = 1_000;

/**
 * The queue of a pool of hosts, for as long as there is the pool: what it decides is in policy/pool. The workflow's id is
 * `pool-<name>`; messages: workflows/pool-messages.
 *
 * A pool that is begun without a state knows of no lease. It first has all runs asked what they hold (`watchPool`), and gives
 * nothing before.
 */
export async function poolWorkflow(input: PoolInput): Promise<void> {
  const desk = new PoolDesk(input);
  listenAsPool(desk);
  keepInMemo(desk);
  for (const decision of desk.untold) send(desk, decision);
  await Promise.race([serve(desk, input), watch(desk, input)]);
}

async function serve(desk: PoolDesk, input: PoolInput): Promise<never> {
  const alarm = new Alarm();
  const story = new PoolStory(input.name);
  for (;;) {
    const decisions = desk.decide();
    for (const decision of decisions) desk.untold.add(decision);
    setCurrentDetails(story.tell(desk.core, Date.now()));
    if (isFull(desk, input)) {
      // The answers of this turn are not out yet; what is told meanwhile is in the state.
      await condition(allHandlersFinished);
      // What the decisions of this turn are for is told by the execution that follows.
      const { kept: _, ...lasting } = input;
      await continueAsNew<typeof poolWorkflow>({ ...lasting, state: desk.baggage() });
    }
    for (const decision of decisions) send(desk, decision);
    await nextLook(desk, alarm);
  }
}

function isFull({ messages }: PoolDesk, { mostMessages = MOST_MESSAGES }: PoolInput): boolean {
  return messages >= mostMessages || workflowInfo().continueAsNewSuggested;
}

/** Keeps the activity under way, from the first moment to the last. */
async function watch(desk: PoolDesk, { name, checkEveryMs }: PoolInput): Promise<never> {
  const options = checkEveryMs === undefined ? {} : { checkEveryMs };
  for (;;) desk.learn(await watchPool({ pool: name, known: desk.version, ...options }));
}

/** The least that lies between two looks for which nothing but the time has come. */
const LEAST_PAUSE_MS = 1_000;

/** Waits until something was told, or until something follows although nothing was. */
async function nextLook(desk: PoolDesk, alarm: Alarm): Promise<void> {
  const at = desk.core.nextLookAt(Date.now());
  if (at === null) return desk.stirred();
  await Promise.race([alarm.at(Math.max(at, Date.now() + LEAST_PAUSE_MS)), desk.stirred()]);
}

/** Tells a run what was decided for it. One that is gone needs its place no more. */
function send(desk: PoolDesk, word: Word): void {
  const runId = word.kind === 'grant' ? word.lease.runId : word.runId;
  const run = getExternalWorkflowHandle(workflowIdFor(runId));
  const sending =
    word.kind === 'preempt'
      ? run.signal(preemptSignal, { runId, claim: word.claim, because: word.because })
      : run.signal(leaseGrantedSignal, { lease: word.kind === 'grant' ? word.lease : { runId, claim: word.claim } });
  sending
    .catch(() => desk.drop(runId))
    .finally(() => desk.untold.delete(word))
    .catch(() => {});
}
