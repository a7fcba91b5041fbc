import { setTimeout as sleep } from 'node:timers/promises';

import type { LeaseStanding, PoolActivities, PoolNews, WatchPoolInput } from '../contract/pool-messages';
import { LIVE_STATES } from '../contract/state';
import { poolFactsOf } from '../policy/pool/host-facts';
import { leaseOfRun } from '../policy/pool/lease-of-run';
import { jsonHash } from '../store/json-hash';
import type { RunStore } from '../store/run-store';
import { withHeartbeat } from './host-heartbeat';
import type { RunWitness } from './pool-client';

export interface PoolDeps {
  store: Pick<RunStore, 'getRun' | 'listHosts' | 'listRuns'>;
  runs: RunWitness;
}

/** How often the reports of the hosts are looked at. */
const LOOK_EVERY_MS = 1_000;
const CHECK_EVERY_MS = 30_000;
/** Runs that are asked at once. */
const AT_ONCE = 8;

/** The activity of pools; what it promises stands in contract/pool-messages. */
export function createPoolActivities(deps: PoolDeps): PoolActivities {
  return {
    watchPool: (input) =>
      withHeartbeat(
        () => undefined,
        (signal) => unlessAborted(signal, watch(deps, input, signal)),
        2_000,
      ),
  };
}

async function watch(deps: PoolDeps, input: WatchPoolInput, signal: AbortSignal): Promise<PoolNews> {
  const { pool, known, checkEveryMs = CHECK_EVERY_MS } = input;
  if (known === '') return { ...(await hostsOf(deps, pool)), ended: [], runs: await claimsOf(deps, pool, signal) };
  let checkedAt = -Infinity;
  for (;;) {
    signal.throwIfAborted();
    const news = await hostsOf(deps, pool);
    const isDue = performance.now() - checkedAt >= checkEveryMs;
    const ended = isDue ? await endedHolders(deps, pool) : [];
    if (isDue) checkedAt = performance.now();
    if (news.version !== known || ended.length > 0) return { ...news, ended };
    await sleep(Math.min(LOOK_EVERY_MS, checkEveryMs), undefined, { signal });
  }
}

/** A worker that stops waits for no answer: there may be nobody left to give it. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}

async function hostsOf({ store }: PoolDeps, pool: string): Promise<Pick<PoolNews, 'version' | 'hosts'>> {
  const reports = (await store.listHosts()).filter((report) => report.pool === pool);
  const hosts = poolFactsOf(reports, Date.now());
  return { hosts, version: jsonHash(hosts) };
}

/** Those of the pool's runs whose workflow goes on no more. */
async function endedHolders({ runs }: PoolDeps, pool: string): Promise<string[]> {
  const live = new Set<string>();
  for await (const id of runs.liveRuns()) live.add(id);
  // The list of live runs may be a moment behind; who is not in it is asked for by name.
  const missing = (await runs.holdersOf(pool)).filter((id) => !live.has(id));
  const standings = await inTurn(missing, async (id) => ({ id, ...(await runs.standingOf(id)) }));
  return standings.filter(({ state }) => state !== 'live').map(({ id }) => id);
}

/** Visibility of Temporal is behind by less than this. */
const SETTLED_MS = 2_000;

/** What the runs that go on hold of the pool, or wait for in it. */
async function claimsOf(deps: PoolDeps, pool: string, signal: AbortSignal): Promise<LeaseStanding[]> {
  const ids = await liveIds(deps);
  if (ids.size > 0) {
    // One that had just begun when a pool was ended may not be listed yet.
    await sleep(SETTLED_MS, undefined, { signal });
    for (const id of await liveIds(deps)) ids.add(id);
  }
  const standings = await inTurn([...ids], async (id) => claimOf(deps, id));
  return standings.filter((standing) => standing !== null && standing.claim.pool === pool) as LeaseStanding[];
}

async function claimOf({ runs, store }: PoolDeps, id: string): Promise<LeaseStanding | null> {
  const said = await runs.leaseOf(id);
  if (said !== 'mute') return said;
  const row = await store.getRun(id);
  return row === null ? null : leaseOfRun(row.run, row.spec);
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

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
