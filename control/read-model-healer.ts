import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { RunReport } from '../contract/run';
import { isEndState, LIVE_STATES } from '../contract/state';
import { healingFor, type Comparison, type Healing, type WorkflowFacts } from '../policy/heal';
import type { RunEnd, RunStore } from '../store/run-store';

/** What Temporal can be asked of the workflows of runs and of nodes of gangs. Each rejects while Temporal is away. */
export interface WorkflowWitness {
  factsOf(runId: string): Promise<WorkflowFacts>;
  /** The run as its workflow tells it, and which execution that is; null where there is nobody to tell. */
  reportOf(runId: string): Promise<WorkflowReport | null>;
  /** How a workflow that concluded did so, as Temporal itself keeps it; null where it does not, or not any more. */
  endOf(runId: string): Promise<RunEnd | null>;
  /** Ids of those that go on, or that Temporal still knows of those that have ended. */
  runsThat(stand: 'go-on' | 'have-ended'): AsyncIterable<string>;
}

export interface WorkflowReport extends RunReport {
  execution: string;
}

export interface HealerDeps {
  store: Pick<RunStore, 'listRuns' | 'headOf' | 'applyUpdate' | 'closeRun'>;
  workflows: WorkflowWitness;
  log: Logger;
  /** Default: the clock of the machine. */
  now?: () => number;
}

const EVERY_MS = 60_000;
const PAGE = 500;
/** Younger rows may be ahead of what Temporal shows of their workflow. */
const SETTLED_MS = 15_000;

/** What a healer knows from its passes before. */
export interface HealerMemory {
  /** By id, of the runs that go on. */
  compared: Map<string, Comparison>;
  /** Whether the runs that have ended were all looked for: those are missing only in a store that was begun anew or restored. */
  knowsEnded: boolean;
}

export const freshMemory = (): HealerMemory => ({ compared: new Map(), knowsEnded: false });

/**
 * Holds the read model against Temporal, at the start and then every minute: rows that missed a report get it, also where the
 * run has ended for all they know and its workflow was begun anew; runs that are missing are brought back, those that have
 * ended at the start only; and runs whose workflow was ended without a last word are closed as `workflow-terminated`.
 * All it writes is idempotent, so any number of control workers may do the same.
 *
 * @returns stop, which resolves when nothing is under way any more.
 */
export function startReadModelHealer(deps: HealerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = heal(deps, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function heal(deps: HealerDeps, signal: AbortSignal): Promise<void> {
  let failing = false;
  const memory = freshMemory();
  while (!signal.aborted) {
    try {
      await healOnce(deps, signal, memory);
      failing = false;
    } catch (error) {
      if (!failing) deps.log.warn({ err: error }, 'The list of runs cannot be held against Temporal; trying again');
      failing = true;
    }
    await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** One pass over the rows that are not in an end state, and one over the workflows that go on. */
export async function healOnce(deps: HealerDeps, signal: AbortSignal, memory: HealerMemory): Promise<void> {
  await healRows(deps, signal, memory);
  await bringBackLive(deps, signal);
  if (!memory.knowsEnded) memory.knowsEnded = await bringBackEnded(deps, signal);
}

async function healRows(deps: HealerDeps, signal: AbortSignal, memory: HealerMemory): Promise<void> {
  const createdBefore = new Date((deps.now ?? Date.now)() - SETTLED_MS).toISOString();
  const before = memory.compared;
  memory.compared = new Map();
  let cursor: string | undefined;
  do {
    const page = await deps.store.listRuns({
      state: [...LIVE_STATES],
      createdBefore,
      limit: PAGE,
      ...(cursor && { cursor }),
    });
    for (const { id } of page.items) {
      if (signal.aborted) return;
      await healRow(deps, id, memory, before.get(id));
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

async function healRow(deps: HealerDeps, id: string, { compared }: HealerMemory, last?: Comparison): Promise<void> {
  const facts = await deps.workflows.factsOf(id);
  const row = await deps.store.headOf(id);
  if (row === null) return;
  const healing = healingFor(row, facts, last);
  if (healing === 'nothing') {
    if (last !== undefined) compared.set(id, last);
    return;
  }
  const report = await takeReport(deps, id);
  if (facts.status === 'live' && report !== null) {
    const { execution, revision } = report;
    compared.set(id, { execution, revision, historyLength: facts.historyLength });
  }
  await close(deps, id, healing);
}

/** Does nothing where the report that came says of its own how the run ended. */
async function close({ store, workflows, log }: HealerDeps, id: string, healing: Healing): Promise<void> {
  if (healing !== 'conclude' && healing !== 'close') return;
  const told = healing === 'conclude' ? await workflows.endOf(id) : null;
  const end = told ?? { reason: 'workflow-terminated', endedAt: new Date().toISOString() };
  if (!(await store.closeRun(id, end))) return;
  log.warn({ runId: id, reason: end.reason }, 'The workflow of a run has ended and tells no more; the run is closed');
}

/** Runs that the store has lost or was away for, and those that have ended for all it knows: their workflows began anew. */
async function bringBackLive(deps: HealerDeps, signal: AbortSignal): Promise<void> {
  for await (const id of deps.workflows.runsThat('go-on')) {
    if (signal.aborted) return;
    const row = await deps.store.headOf(id);
    if (row !== null && !isEndState(row.state)) continue;
    // The list may be behind: a run that has just ended is still in it.
    if (row !== null && (await deps.workflows.factsOf(id)).status !== 'live') continue;
    const report = await takeReport(deps, id);
    if (report === null || isEndState(report.run.state)) continue;
    deps.log.warn({ runId: id }, 'A run goes on that was missing in the list, or had ended there');
  }
}

/** @returns whether all were looked at. One that cannot be asked stays missing: a row is made of a report only. */
async function bringBackEnded(deps: HealerDeps, signal: AbortSignal): Promise<boolean> {
  let broughtBack = 0;
  for await (const id of deps.workflows.runsThat('have-ended')) {
    if (signal.aborted) return false;
    if ((await deps.store.headOf(id)) !== null) continue;
    if ((await takeReport(deps, id)) !== null) broughtBack += 1;
  }
  if (broughtBack > 0) deps.log.warn({ runs: broughtBack }, 'Runs that have ended were missing in the list');
  return true;
}

/** Null where there was none to take. */
async function takeReport({ store, workflows }: HealerDeps, id: string): Promise<WorkflowReport | null> {
  const report = await workflows.reportOf(id);
  if (report === null) return null;
  const { spec, ...rest } = report;
  await store.applyUpdate({ ...rest, events: [], ...(spec === null ? {} : { spec }) });
  return report;
}
