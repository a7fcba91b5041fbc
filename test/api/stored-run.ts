import type { Attempt, Run, RunEvent } from '../../contract/run';
import { nodeRunId } from '../../contract/gang';
import { isEndState, type RunState } from '../../contract/state';
import { PLAIN_CAPACITY } from '../../contract/run-capacity';
import type { RunSubmission } from '../../contract/spec';
import type { RunStore } from '../../store/run-store';
import { specOf } from '../helpers/fake-host';

/** Puts a run with one attempt into the store as its workflow would have, with an event for each state it went through. */
export async function storeRun(
  store: RunStore,
  changes: Partial<Run> & { id: string },
  spec: RunSubmission = {},
): Promise<Run> {
  const createdAt = changes.createdAt ?? new Date().toISOString();
  const state = changes.state ?? 'running';
  const run: Run = {
    name: changes.id,
    state,
    reason: null,
    message: null,
    attempt: 1,
    host: 'one',
    exitCode: exitCodeOf(state),
    createdAt,
    startedAt: createdAt,
    endedAt: isEndState(state) ? createdAt : null,
    image: 'trainyard/test:1',
    imageDigest: null,
    recipe: null,
    schedule: null,
    rerunOf: null,
    ...PLAIN_CAPACITY,
    gangOf: null,
    rank: null,
    policy: null,
    firstFailure: null,
    labels: {},
    params: {},
    ...changes,
  };
  const states: RunState[] = isEndState(state) ? ['queued', 'running', state] : ['queued', state];
  await store.applyUpdate({
    revision: states.length,
    run,
    attempts: [attemptOf(run)],
    events: states.map((each, index) => eventOf(run, index + 1, each)),
    spec: specOf({ name: run.name, ...spec }),
  });
  return run;
}

/** A gang of three nodes that goes on in the last of its attempts, each on a lease of its own; every node is a run. */
export async function storeGang(store: RunStore, id: string, attempts: number): Promise<Run> {
  const run = await storeRun(store, { id, attempt: attempts }, { nodes: 3 });
  const all = Array.from({ length: attempts }, (_, index) => ({
    ...attemptOf(run),
    number: index + 1,
    nodes: [1, 2].map((rank) => ({ rank, runId: nodeRunId(id, index + 1, rank), host: 'one' })),
  }));
  await store.applyUpdate({ revision: 3, run, attempts: all, events: [] });
  for (const { number, nodes } of all) {
    const state = number === attempts ? 'running' : 'failed';
    for (const { rank, runId } of nodes) await storeRun(store, { id: runId, gangOf: id, rank, state });
  }
  return run;
}

/** Brings a run of {@link storeRun} to an end. */
export async function endRun(store: RunStore, run: Run): Promise<void> {
  const ended: Run = {
    ...run,
    state: 'succeeded',
    reason: 'completed',
    exitCode: 0,
    endedAt: new Date().toISOString(),
  };
  const events = [eventOf(ended, 3, 'succeeded')];
  await store.applyUpdate({ revision: 3, run: ended, attempts: [attemptOf(ended)], events });
}

export function eventOf({ id, attempt }: Run, seq: number, state: RunState): RunEvent {
  const at = new Date(seq).toISOString();
  return { runId: id, seq, at, type: 'state-changed', state, attempt, message: `It is ${state}.` };
}

function attemptOf(run: Run): Attempt {
  return {
    number: 1,
    host: run.host,
    form: 'container',
    containerId: 'c0ffee',
    imageDigest: null,
    reason: run.reason,
    message: null,
    exitCode: run.exitCode,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    logLines: null,
    logGaps: null,
    changes: [],
    evidence: null,
    machine: null,
    nodes: [],
  };
}

function exitCodeOf(state: RunState): number | null {
  if (state === 'succeeded') return 0;
  return state === 'failed' ? 3 : null;
}
