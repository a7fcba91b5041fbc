import type { ClaimAnswer, ClaimInput, Explanation, Lease } from '../contract/pool';
import { LIVE_STATES } from '../contract/state';
import { placeRun, type HostFacts } from '../policy/placement';
import type { RunStore } from '../store/run-store';
import type { PoolClient } from './pool-client';

/**
 * Hosts without a pool, for comparison and emergencies (`pools.direct`): each run takes the host with the fewest live runs,
 * and nobody counts what it holds.
 */
export function createDirectPool(store: Pick<RunStore, 'listHosts' | 'listRuns'>): PoolClient {
  return {
    claim: async (_, input) => answerTo(input, await readHosts(store), Date.now()),
    release: async () => {},
    reprioritise: async () => {},
    changeLimit: async () => {},
  };
}

function answerTo(input: ClaimInput, hosts: readonly HostFacts[], nowMs: number): ClaimAnswer {
  const { runId, claim, attempt, request } = input;
  const { hasCommand, avoid, cpus, memoryBytes } = request;
  if (request.gpus > 0)
    return { kind: 'refused', why: 'only a pool gives GPUs out, and pools are off (pools.direct).' };
  if (request.nodes > 1) {
    return { kind: 'refused', why: 'only a pool starts several nodes together, and pools are off (pools.direct).' };
  }
  const allowed = hosts.filter(({ name }) => request.host === null || request.host === name);
  const placement = placeRun(allowed, nowMs, { hasCommand, avoid });
  if ('none' in placement)
    return { kind: 'queued', explanation: waiting(runId, `Waits for a host: ${placement.none}`) };
  const lease: Lease = {
    ...{ runId, claim, attempt },
    nodes: [{ ...placement, cpus, memoryBytes, gpuIds: [] }],
    grantedAt: new Date(nowMs).toISOString(),
    because: `Takes host ${placement.host}: pools are off, and it has the fewest runs.`,
  };
  return { kind: 'granted', lease };
}

function waiting(runId: string, waitsFor: string): Explanation {
  const freedBy = 'A host whose engine answers.';
  return { runId, place: 1, queued: 1, waitsFor, freedBy, estimatedStart: null, cause: 'no-host' };
}

/** Enough to tell hosts apart; beyond that the exact number changes no choice. */
const LIVE_RUNS_LIMIT = 500;

/** What placement has to know of all hosts. */
export async function readHosts(store: Pick<RunStore, 'listHosts' | 'listRuns'>): Promise<HostFacts[]> {
  const reports = await store.listHosts();
  // With one host there is no choice, and nothing to count.
  if (reports.length < 2) return reports.map((report) => ({ ...report, liveRuns: 0 }));
  // A suspended run holds nothing of any host.
  const state = LIVE_STATES.filter((name) => name !== 'suspended');
  const { items } = await store.listRuns({ state, limit: LIVE_RUNS_LIMIT });
  return reports.map((report) => ({ ...report, liveRuns: items.filter(({ host }) => host === report.name).length }));
}
