import { shapeOf } from './candidates';
import { createHost } from './host';
import { hold, rosterChanged } from './occupancy';
import type { Pool } from './pool';
import { addToQueue, createQueue } from './queue';
import { readState, type PoolData, type PoolState } from './state';

export function createPool(state: PoolState): Pool {
  const { name, settings, isTold, hosts, queue, held, accounts, reservations, holds } = readState(state);
  const pool: Pool = {
    name,
    settings,
    isTold,
    hosts: hosts.map((entry) => createHost(entry, settings.cpuOvercommit)),
    hostNamed: new Map(),
    hostsVersion: 0,
    roster: 0,
    totals: { cpus: 0, memory: 0, gpus: 0 },
    draining: [],
    models: [],
    version: 0,
    orders: 0,
    changes: { before: 0, hosts: [] },
    shapes: new Map(),
    queue: createQueue(),
    held: new Map(),
    ends: null,
    gpuLeases: new Map(),
    unleasedGpus: new Set(),
    sharedGpus: new Map(),
    accounts: new Map(Object.entries(accounts)),
    projects: new Map(),
    owners: new Map(),
    aged: new Map(),
    victims: new Map(),
    movable: new Map(),
    awaited: new Map(),
    reservations,
    stocks: new Map(),
    holds: new Map(holds.map((each) => [each.runId, each])),
  };
  for (const host of pool.hosts) pool.hostNamed.set(host.name, host);
  for (const lease of held) hold(pool, lease);
  rosterChanged(pool);
  for (const waiting of queue) addToQueue(pool.queue, waiting, shapeOf(pool, waiting.request));
  return pool;
}

export function dataOf(pool: Pool): PoolData {
  const data: PoolData = {
    version: 1,
    name: pool.name,
    settings: pool.settings,
    isTold: pool.isTold,
    hosts: pool.hosts.map(({ facts, intent, gone }) => ({ facts, intent, gone })),
    queue: [...pool.queue.entries.values()].map(({ waiting }) => waiting),
    held: [...pool.held.values()],
    accounts: Object.fromEntries(pool.accounts),
    reservations: pool.reservations,
    holds: [...pool.holds.values()],
  };
  return JSON.parse(JSON.stringify(data)) as PoolData;
}
