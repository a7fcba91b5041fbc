import { MockActivityEnvironment } from '@temporalio/testing';

import { createPoolActivities, type PoolDeps } from '../../activities/pool-activities';
import type { PoolNews } from '../../contract/pool-messages';
import { hostReport } from '../helpers/host-report';

const away = async (): Promise<never> => Promise.reject(new Error('away'));

function watching(changes: {
  store?: Partial<PoolDeps['store']>;
  runs?: Partial<PoolDeps['runs']>;
  known?: string;
}): Promise<PoolNews> {
  const store = {
    listHosts: async () => [hostReport({ name: 'a' })],
    listRuns: async () => ({ items: [], next: null }),
    getRun: async () => null,
    ...changes.store,
  };
  const runs = {
    liveRuns: async function* () {},
    standingOf: async () => ({ state: 'live', epoch: 1 }) as const,
    leaseOf: async () => null,
    holdersOf: async () => ['held'],
    ...changes.runs,
  };
  const { watchPool } = createPoolActivities({ store, runs });
  const environment = new MockActivityEnvironment();
  return environment.run(watchPool, { pool: 'default', known: changes.known ?? 'older' }) as Promise<PoolNews>;
}

it('tells of holders that have ended while the store is away, and leaves the hosts as they are known', async () => {
  const standingOf = async () => ({ state: 'ended', endedAtMs: 0 }) as const;
  expect(await watching({ store: { listHosts: away }, runs: { standingOf } })).toEqual({
    version: 'older',
    ended: ['held'],
  });
});

it('tells of hosts that have changed while nobody can say which holders have ended', async () => {
  const news = await watching({ runs: { holdersOf: away } });
  expect(news).toMatchObject({ hosts: [{ name: 'a', contact: 'ok' }], ended: [] });
  expect(news.version).not.toBe('older');
});

it('waits for the next report of a host where a run without a workflow may have a container that is in none yet', async () => {
  const standingOf = async () => ({ state: 'ended', endedAtMs: Date.now(), isBrokenOff: true }) as const;
  const row = { id: 'left', state: 'running' };
  const container = { runId: 'left', attempt: 1, epoch: 1, cpus: 1.5, memoryBytes: 1, gpuIds: [] };
  const reportedAt = (ms: number): string => new Date(Date.now() - ms).toISOString();
  const silent = hostReport({ name: 'silent', reportedAt: reportedAt(60_000) });
  const before = hostReport({ name: 'a', reportedAt: reportedAt(4_000), containers: [] });
  const next = hostReport({ name: 'a', reportedAt: reportedAt(0), containers: [container] });
  const listHosts = jest
    .fn(async () => [next, silent])
    .mockResolvedValueOnce([before, silent])
    .mockResolvedValueOnce([before, silent]);
  const listRuns = async () => ({ items: [row], next: null }) as never;
  const news = await watching({ known: '', store: { listHosts, listRuns }, runs: { standingOf } });
  expect(news.hosts).toContainEqual(expect.objectContaining({ name: 'a', unleased: [container] }));
}, 60_000);
