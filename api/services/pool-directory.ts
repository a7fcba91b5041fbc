import { DEFAULT_POOL } from '../../contract/names';
import { POOL_DEFAULTS, type PoolHostFacts, type PoolSettings, type PoolView } from '../../contract/pool';
import { poolFactsOf } from '../../policy/pool/host-facts';
import type { HostReport, RunStore } from '../../store/run-store';
import { ProblemError } from '../problem-error';
import type { PoolGateway } from '../temporal/pools';
import { remember } from './remembered';

/** A burst of submissions looks at the hosts once in this time. */
const REPORTS_FRESH_MS = 1_000;
/** Settings change seldom, and by way of this API mostly; a submission does not wait for them to be told anew. */
const SETTINGS_FRESH_MS = 1_000;
const SETTINGS_USABLE_MS = 60_000;
/** A submission waits no longer for a pool that does not answer, and goes by the settings of a new one. */
const SETTINGS_WITHIN_MS = 500;

/** What the API knows of pools without asking each time. */
export interface PoolDirectory {
  /** Reports of all hosts, by pool; the default pool is always there. */
  reports(): Promise<ReadonlyMap<string, HostReport[]>>;
  /** Facts of the hosts of a pool, as the pool itself would see them; null for a pool that there is not. */
  hosts(pool: string): Promise<PoolHostFacts[] | null>;
  /** As the pool told them lately, else those of a new one. */
  settings(pool: string): Promise<PoolSettings>;
  /** The pool by its own word; null where it does not answer or has not begun. */
  view(pool: string): Promise<PoolView | null>;
  /** What was remembered of its settings and hosts is out of date. */
  changed(pool: string): void;
  names(): Promise<string[]>;
}

export interface PoolDirectoryParts {
  runStore: Pick<RunStore, 'listHosts'>;
  pools: Pick<PoolGateway, 'view'>;
}

export function createPoolDirectory({ runStore, pools }: PoolDirectoryParts): PoolDirectory {
  const reports = remember(async () => groupByPool(await runStore.listHosts()), { freshMs: REPORTS_FRESH_MS });
  const settings = remember(async (pool) => (await viewOrNull(pools, pool))?.settings ?? POOL_DEFAULTS, {
    freshMs: SETTINGS_FRESH_MS,
    usableMs: SETTINGS_USABLE_MS,
  });
  const exists = remember(async (pool) => (await pools.view(pool)) !== null, { freshMs: REPORTS_FRESH_MS });
  return {
    reports: () => reports.get(''),
    hosts: async (pool) => {
      const known = (await reports.get('')).get(pool);
      if (known !== undefined) return poolFactsOf(known, Date.now());
      return (await exists.get(pool)) ? [] : null;
    },
    settings: (pool) => within(SETTINGS_WITHIN_MS, settings.get(pool), POOL_DEFAULTS),
    view: (pool) => viewOrNull(pools, pool),
    changed: (pool) => {
      settings.forget(pool);
      reports.forget('');
    },
    names: async () => [...(await reports.get('')).keys()],
  };
}

function groupByPool(reports: readonly HostReport[]): Map<string, HostReport[]> {
  const pools = new Map<string, HostReport[]>([[DEFAULT_POOL, []]]);
  for (const report of reports) pools.set(report.pool, [...(pools.get(report.pool) ?? []), report]);
  return new Map([...pools].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** A Temporal that is away, or a pool that nobody works on, is no reason to show nothing. */
async function viewOrNull(pools: Pick<PoolGateway, 'view'>, pool: string): Promise<PoolView | null> {
  try {
    return await pools.view(pool);
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

async function within<T>(limitMs: number, answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
