import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { RunReport } from '../contract/run';
import { LIVE_STATES } from '../contract/state';
import { healingFor, type WorkflowFacts } from '../policy/heal';
import type { RunStore } from '../store/run-store';

/** What Temporal can be asked of the workflows of runs. Each rejects while Temporal is away. */
export interface WorkflowWitness {
  factsOf(runId: string): Promise<WorkflowFacts>;
  /** The run as its workflow tells it; null where there is nobody to tell. */
  reportOf(runId: string): Promise<RunReport | null>;
  /** Ids of the runs whose workflows go on. */
  liveRuns(): AsyncIterable<string>;
}

export interface HealerDeps {
  store: Pick<RunStore, 'listRuns' | 'getRun' | 'applyUpdate' | 'closeRun'>;
  workflows: WorkflowWitness;
  log: Logger;
  /** Default: the clock of the machine. */
  now?: () => number;
}

const EVERY_MS = 60_000;
const PAGE = 500;
/** Younger rows may be ahead of what Temporal shows of their workflow. */
const SETTLED_MS = 15_000;

/**
 * Holds the read model against Temporal, at the start and then every minute: rows that missed a report get it, runs that
 * are missing are brought back, and runs whose workflow was ended without a last word are closed as `workflow-terminated`.
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
  while (!signal.aborted) {
    try {
      await healOnce(deps, signal);
      failing = false;
    } catch (error) {
      if (!failing) deps.log.warn({ err: error }, 'The list of runs cannot be held against Temporal; trying again');
      failing = true;
    }
    await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** One pass over the rows that are not in an end state, and one over the workflows that go on. */
export async function healOnce(deps: HealerDeps, signal: AbortSignal): Promise<void> {
  await healRows(deps, signal);
  await bringBack(deps, signal);
}

async function healRows(deps: HealerDeps, signal: AbortSignal): Promise<void> {
  const createdBefore = new Date((deps.now ?? Date.now)() - SETTLED_MS).toISOString();
  let cursor: string | undefined;
  do {
    const page = await deps.store.listRuns({
      state: [...LIVE_STATES],
      createdBefore,
      limit: PAGE,
      ...(cursor && { cursor }),
    });
    for (const { id, state } of page.items) {
      if (signal.aborted) return;
      await healRow(deps, id, healingFor(state, await deps.workflows.factsOf(id)));
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

async function healRow(deps: HealerDeps, id: string, healing: ReturnType<typeof healingFor>): Promise<void> {
  if (healing === 'nothing') return;
  await takeReport(deps, id);
  if (healing === 'report') return;
  const closed = await deps.store.closeRun(id, 'workflow-terminated', new Date().toISOString());
  if (closed) deps.log.warn({ runId: id }, 'The workflow of a run was ended in Temporal; the run is closed');
}

/** Runs that the store has lost, or was away for. */
async function bringBack(deps: HealerDeps, signal: AbortSignal): Promise<void> {
  for await (const id of deps.workflows.liveRuns()) {
    if (signal.aborted) return;
    if ((await deps.store.getRun(id)) === null && (await takeReport(deps, id))) {
      deps.log.warn({ runId: id }, 'A run was missing in the list and is there again');
    }
  }
}

/** True where there was one to take. */
async function takeReport({ store, workflows }: HealerDeps, id: string): Promise<boolean> {
  const report = await workflows.reportOf(id);
  if (report === null) return false;
  const { spec, ...rest } = report;
  await store.applyUpdate({ ...rest, events: [], ...(spec === null ? {} : { spec }) });
  return true;
}
