import type { PoolSettings, Reservation } from '../../contract/pool';
import { MEMO } from '../../contract/names';
import type { PoolInput } from '../../contract/pool-messages';
import { emptyState, readState, type HostEntry, type PoolData, type PoolState } from './state';

/**
 * Version of what the core decides: raised with each change after which the same events may give other decisions. The
 * history of a pool that is under way cannot be replayed by another version, so a pool of another one is begun anew.
 */
export const POOL_CORE_VERSION = 5;

/**
 * What people have told a pool, and nobody but the pool knows; plain JSON. It stands in the memo of the pool's workflow, where it
 * outlives that: what runs hold is learnt from them.
 */
export interface KeptPool {
  core: number;
  settings: Partial<PoolSettings>;
  reservations: Reservation[];
  /** Hosts that somebody wants cordoned or drained. */
  hosts: HostEntry[];
}

export function keptOf(state: PoolState): KeptPool {
  const { settings, reservations, hosts } = state as PoolData;
  return { core: POOL_CORE_VERSION, settings, reservations, hosts: hosts.filter(({ intent }) => intent !== 'none') };
}

/** What the newest workflow of a pool keeps in its memo, also after its end; undefined where it has kept nothing. */
export function keptIn(memo: Record<string, unknown> | undefined): KeptPool | undefined {
  return memo?.[MEMO.pool] as KeptPool | undefined;
}

/** With what the workflow of a pool is started, whoever starts it: what people had told the one before goes on. */
export function beginningOf(
  pool: string,
  kept: KeptPool | undefined,
): { args: [PoolInput]; memo: Record<string, KeptPool>; staticSummary: string } {
  return {
    args: [{ name: pool, ...(kept && { kept }) }],
    memo: { [MEMO.pool]: { settings: {}, reservations: [], hosts: [], ...kept, core: POOL_CORE_VERSION } },
    staticSummary: `Queue and hosts of the pool ${pool}`,
  };
}

/** A pool that knows of no run; hosts are silent until they are reported. */
export function stateFrom(name: string, { settings, reservations, hosts }: KeptPool): PoolState {
  const silent = hosts.map((host): HostEntry => ({ ...host, facts: { ...host.facts, contact: 'lost' } }));
  return readState({ ...emptyState(name), settings, reservations, hosts: silent } as PoolState);
}
