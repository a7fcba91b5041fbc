import { InvalidInputError } from '../../contract/fault';
import type { PoolHostFacts, PoolView } from '../../contract/pool';
import type { PoolDetail, PoolReservation, PoolSummary } from '../../contract/pool-http';
import { checkPoolChange, settingsChangeOf, writePoolSettings } from '../../contract/pool-settings';
import { ProblemError } from '../problem-error';
import { stateOf } from './hosts';
import { poolAnswered } from './pool-answer';
import { mostQueued } from './queue-room';
import type { Services } from './services';

/** All pools, by name. */
export async function listPools(services: Services): Promise<PoolSummary[]> {
  return Promise.all(
    (await services.pools.names()).map(async (name) => {
      const view = await services.pools.view(name);
      return summaryOf(view ?? (await viewFromStore(services, name)), sourceOf(view));
    }),
  );
}

/** @throws {ProblemError} `not-found`. */
export async function lookAtPool(services: Services, name: string): Promise<PoolDetail> {
  const view = await services.pools.view(name);
  const owners = await ownersOf(services, name);
  return view === null
    ? detailOf(await viewFromStore(services, name), owners, 'reports')
    : detailOf(view, owners, 'pool');
}

/**
 * Changes settings of a pool, from its next decision on.
 *
 * @throws {InvalidInputError} with every fault of the change itself.
 * @throws {ProblemError} `not-found`, `change-refused`, `change-unconfirmed`, `temporal-unavailable`.
 */
export async function changePool(services: Services, name: string, input: unknown): Promise<PoolDetail> {
  const checked = checkPoolChange(input ?? {});
  if (checked.faults !== undefined) throw new InvalidInputError(checked.faults, 'The change');
  await checkPoolExists(services, name);
  const { by = 'the API' } = checked.change;
  const change = settingsChangeOf(checked.change);
  const answer = await services.temporal.pools.configure(name, { change, by });
  services.pools.changed(name);
  const view = poolAnswered(answer, `the pool "${name}"`);
  return detailOf(view, await ownersOf(services, name), 'pool');
}

/** @throws {ProblemError} `not-found`. */
export async function checkPoolExists({ pools }: Pick<Services, 'pools'>, name: string): Promise<PoolHostFacts[]> {
  const hosts = await pools.hosts(name);
  if (hosts !== null) return hosts;
  throw new ProblemError('not-found', `There is no pool "${name}"; GET /v1/pools lists those there are.`);
}

/** What the store knows of a pool that does not answer, or has not begun. */
async function viewFromStore(services: Services, name: string): Promise<PoolView> {
  const hosts = await checkPoolExists(services, name);
  const { total } = await services.runStore.countQueued(name);
  return {
    name,
    settings: await services.pools.settings(name),
    hosts: hosts.map((facts) => ({
      ...facts,
      state: stateOf(facts),
      intent: 'none',
      usedCpus: 0,
      usedMemoryBytes: 0,
      usedGpuIds: [],
      runs: [],
    })),
    queue: [],
    queued: total,
    leases: [],
    projects: [],
    reservations: [],
  };
}

const sourceOf = (view: PoolView | null): PoolSummary['source'] => (view === null ? 'reports' : 'pool');

function summaryOf({ name, hosts, leases, queued }: PoolView, source: PoolSummary['source']): PoolSummary {
  const sum = (amount: (host: PoolView['hosts'][number]) => number): number =>
    hosts.reduce((total, host) => total + amount(host), 0);
  return {
    name,
    source,
    hosts: hosts.length,
    readyHosts: hosts.filter(({ state, refuses }) => state === 'ready' && refuses === null).length,
    cpus: { all: sum(({ cpus }) => cpus), used: sum(({ usedCpus }) => usedCpus) },
    memoryBytes: { all: sum(({ memoryBytes }) => memoryBytes), used: sum(({ usedMemoryBytes }) => usedMemoryBytes) },
    gpus: { all: sum(({ gpus }) => gpus.length), used: sum(({ usedGpuIds }) => usedGpuIds.length) },
    running: leases.length,
    queued,
  };
}

type QueuedByOwner = ReadonlyMap<string, number>;

/** The pool tells itself also while the store is away. */
async function ownersOf({ runStore, logger }: Services, name: string): Promise<QueuedByOwner> {
  try {
    return (await runStore.countQueued(name)).byOwner;
  } catch (error) {
    logger.warn({ err: error }, 'whose runs wait is not known: the store does not answer');
    return new Map();
  }
}

function detailOf(view: PoolView, owners: QueuedByOwner, source: PoolSummary['source']): PoolDetail {
  const { name, settings, hosts, queue, leases, projects } = view;
  return {
    ...summaryOf(view, source),
    settings: writePoolSettings(settings),
    hostNames: hosts.map((host) => host.name),
    queue,
    leases,
    unleased: hosts.flatMap((host) => (host.unleased ?? []).map((container) => ({ host: host.name, ...container }))),
    projects,
    owners: ownerUses(owners, settings),
    reservations: reservationsOf(view, name),
  };
}

function ownerUses(queued: QueuedByOwner, { ownerQuotas }: PoolView['settings']): PoolDetail['owners'] {
  return [...queued]
    .map(([owner, count]) => ({ owner, queued: count, mostQueued: mostQueued(ownerQuotas, owner) }))
    .toSorted((one, other) => (one.owner < other.owner ? -1 : 1));
}

export function reservationsOf({ reservations }: PoolView, pool: string): PoolReservation[] {
  return reservations.map((reservation) => ({ ...reservation, pool }));
}
