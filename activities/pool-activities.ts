import { setTimeout as sleep } from 'node:timers/promises';

import { log } from '@temporalio/activity';

import { gangOfNodeRunId } from '../contract/gang';
import type { HostContainer, HostReport } from '../contract/host';
import type { LeaseStanding, PoolActivities, PoolNews, WatchPoolInput } from '../contract/pool-messages';
import { END_STATES, LIVE_STATES } from '../contract/state';
import { poolFactsOf } from '../policy/pool/host-facts';
import type { RunStanding } from '../policy/reconcile';
import { leaseOfRun } from '../policy/pool/lease-of-run';
import { jsonHash } from '../store/json-hash';
import type { RunStore } from '../store/run-store';
import { askAll } from './ask-all';
import { withHeartbeat } from './host-heartbeat';
import { createBrokenOffRuns, LOOK_EVERY_MS, reportsAfter, type BrokenOffRuns } from './next-reports';
import type { RunWitness } from './pool-client';
import { createUnleasedWatch, type UnleasedWatch } from './unleased-watch';

export interface PoolDeps {
  store: Pick<RunStore, 'getRun' | 'listHosts' | 'listRuns'>;
  runs: RunWitness;
}

const CHECK_EVERY_MS = 30_000;

/** The activity of pools; what it promises stands in contract/pool-messages. */
export function createPoolActivities(deps: PoolDeps): PoolActivities {
  // By pool. A watch lasts until there is news, which may come more often than reports.
  const brokenOff = new Map<string, BrokenOffRuns>();
  return {
    watchPool: (input) => {
      const ofPool = brokenOff.get(input.pool) ?? createBrokenOffRuns();
      brokenOff.set(input.pool, ofPool);
      return withHeartbeat(
        () => undefined,
        (signal) => unlessAborted(signal, watch(deps, input, ofPool, signal)),
        2_000,
      );
    },
  };
}

async function watch(
  deps: PoolDeps,
  input: WatchPoolInput,
  brokenOff: BrokenOffRuns,
  signal: AbortSignal,
): Promise<PoolNews> {
  const { pool, known, checkEveryMs = CHECK_EVERY_MS } = input;
  const unleased = createUnleasedWatch(deps.runs, pool);
  if (known === '') return begin(deps, pool, unleased, signal);
  const attempt = createAttempts(pool);
  let checkedAt = -Infinity;
  for (;;) {
    signal.throwIfAborted();
    // Before the holders: a lease is older than its container, so whose container is named here and holds one is known there.
    const reports = await attempt('what the hosts report', () => reportsOf(deps, pool));
    const isFirst = checkedAt === -Infinity;
    const isDue = performance.now() - checkedAt >= checkEveryMs;
    const check = isDue
      ? await attempt('which runs have ended', () => endedHolders(deps, pool, { unleased, brokenOff, reports }))
      : null;
    if (check !== null && !check.isWaiting) checkedAt = performance.now();
    const ended = check?.ended ?? [];
    const news = reports && (await attempt('what containers hold', () => newsOf(unleased, reports, check !== null)));
    // The pool may know better than a run what is over: who is told of again has had time to see that.
    const runs = isFirst || !news?.leases.length ? {} : { runs: news.leases };
    if ((news && news.version !== known) || ended.length > 0 || runs.runs) {
      return { version: known, ...(news && { version: news.version, hosts: news.hosts }), ended, ...runs };
    }
    await sleep(Math.min(LOOK_EVERY_MS, checkEveryMs), undefined, { signal });
  }
}

async function newsOf(unleased: UnleasedWatch, reports: readonly HostReport[], isThorough: boolean) {
  const { byHost, leases } = await unleased.look(reports, isThorough);
  return { ...hostsOf(reports, byHost), leases };
}

/**
 * Finds out several things of which none keeps the others from being known, as where the store is away and Temporal is not.
 *
 * @returns a function that gives null for what cannot be told now, and logs that once until it can.
 */
function createAttempts(pool: string): <T>(what: string, ask: () => Promise<T>) => Promise<T | null> {
  const failing = new Set<string>();
  return async (what, ask) => {
    try {
      const answer = await ask();
      failing.delete(what);
      return answer;
    } catch (error) {
      if (!failing.has(what)) log.warn(`A pool cannot be told ${what}; trying again`, { pool, err: error });
      failing.add(what);
      return null;
    }
  };
}

/** For a pool that knows nothing: what the runs hold by their own word, and what containers hold whose runs have none. */
async function begin(deps: PoolDeps, pool: string, unleased: UnleasedWatch, signal: AbortSignal): Promise<PoolNews> {
  const before = await reportsOf(deps, pool);
  const said = await askRuns(deps, signal);
  const mayBeLeft = said.some(([, standing]) => standing === null) || (await hasEndedRuns(deps, pool));
  const now = (): Promise<HostReport[]> => reportsOf(deps, pool);
  const reports = mayBeLeft ? await reportsAfter(before, now, signal) : await now();
  const containers = reports.flatMap((report) => report.containers ?? []);
  const named = new Set(containers.flatMap(({ runId }) => [runId, gangOfNodeRunId(runId)]));
  const runs = await claimsOf(deps, said, (id) => named.has(id));
  const ofPool = runs.filter(({ claim }) => claim.pool === pool);
  unleased.holdersAre(ofPool.map(({ claim }) => claim.runId));
  const { byHost } = await unleased.look(reports, true);
  return { ...hostsOf(reports, byHost), ended: [], runs: ofPool };
}

/** A worker that stops waits for no answer: there may be nobody left to give it. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}

async function reportsOf({ store }: PoolDeps, pool: string): Promise<HostReport[]> {
  return (await store.listHosts()).filter((report) => report.pool === pool);
}

/** Of one that was terminated the store may know by now that it has ended. */
async function hasEndedRuns({ store }: PoolDeps, pool: string): Promise<boolean> {
  return (await store.listRuns({ pool, state: [...END_STATES], limit: 1 })).items.length > 0;
}

function hostsOf(
  reports: readonly HostReport[],
  unleased: ReadonlyMap<string, HostContainer[]>,
): Pick<PoolNews, 'version' | 'hosts'> {
  const hosts = poolFactsOf(reports, Date.now(), unleased);
  return { hosts, version: jsonHash(hosts) };
}

interface Known {
  unleased: UnleasedWatch;
  brokenOff: BrokenOffRuns;
  reports: readonly HostReport[] | null;
}

/**
 * Those of the pool's runs whose workflow goes on no more. Their leases are over; what is left of them holds what it holds.
 *
 * @returns `isWaiting` where there are more, of which nobody can tell yet what is left.
 */
async function endedHolders(
  { runs }: PoolDeps,
  pool: string,
  { unleased, brokenOff, reports }: Known,
): Promise<{ ended: string[]; isWaiting: boolean }> {
  const live = new Set<string>();
  for await (const id of runs.liveRuns()) live.add(id);
  // The list of live runs may be a moment behind; who is not in it is asked for by name.
  const holders = await runs.holdersOf(pool);
  const missing = holders.filter((id) => !live.has(id));
  const standings = await askAll(missing, async (id) => ({ id, standing: await runs.standingOf(id) }));
  const over = standings.filter(({ standing }) => standing.state !== 'live');
  const inOrder = over.filter(({ standing }) => isInOrder(standing)).map(({ id }) => id);
  const broken = over.filter(({ standing }) => !isInOrder(standing)).map(({ id }) => id);
  const ended = [...inOrder, ...brokenOff.settled(broken, reports)];
  unleased.holdersAre(holders.filter((id) => !ended.includes(id)));
  return { ended, isWaiting: ended.length < over.length };
}

/** It has removed its container before it ended. */
const isInOrder = (standing: RunStanding): boolean => standing.state === 'ended' && standing.isBrokenOff !== true;

/** Visibility of Temporal is behind by less than this. */
const SETTLED_MS = 2_000;

type Said = [runId: string, standing: LeaseStanding | null | 'mute'];

/** What the runs that go on hold of pools, or wait for, by their own word. */
async function askRuns(deps: PoolDeps, signal: AbortSignal): Promise<Said[]> {
  const ids = await liveIds(deps);
  if (ids.size > 0) {
    // One that had just begun when a pool was ended may not be listed yet.
    await sleep(SETTLED_MS, undefined, { signal });
    for (const id of await liveIds(deps)) ids.add(id);
  }
  return askAll([...ids], async (id): Promise<Said> => [id, await deps.runs.leaseOf(id)]);
}

/** Of one that is mute its containers tell what it holds; where there is none yet, what its spec asks for is held for it. */
async function claimsOf(
  { store }: PoolDeps,
  said: readonly Said[],
  hasContainer: (runId: string) => boolean,
): Promise<LeaseStanding[]> {
  const standings = await askAll(said, async ([id, standing]) => {
    if (standing !== 'mute') return standing;
    const row = hasContainer(id) ? null : await store.getRun(id);
    return row === null ? null : leaseOfRun(row.run, row.spec);
  });
  return standings.filter((standing) => standing !== null);
}

const PAGE = 500;

/** By Temporal's list and by the store's, of which either may be behind. */
async function liveIds({ store, runs }: PoolDeps): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const id of runs.liveRuns()) ids.add(id);
  let cursor: string | undefined;
  do {
    const page = await store.listRuns({ state: [...LIVE_STATES], limit: PAGE, ...(cursor && { cursor }) });
    for (const { id } of page.items) ids.add(id);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
