import { MockActivityEnvironment } from '@temporalio/testing';

import { createPoolActivities, type PoolDeps } from '../../activities/pool-activities';
import type { PoolNews } from '../../contract/pool-messages';
import type { RunQuery } from '../../store/run-store';
import { hostReport } from '../helpers/host-report';
import { until } from '../helpers/until';

const away = async (): Promise<never> => Promise.reject(new Error('away'));

interface Changes {
  store?: Partial<PoolDeps['store']>;
  runs?: Partial<PoolDeps['runs']>;
}

/** Watches, once or more often, what differs from what is known. */
function watcher(changes: Changes): (known: string) => Promise<PoolNews> {
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
  return (known) => new MockActivityEnvironment().run(watchPool, { pool: 'default', known }) as Promise<PoolNews>;
}

const watching = ({ known = 'older', ...changes }: Changes & { known?: string }): Promise<PoolNews> =>
  watcher(changes)(known);

const terminated = async () => ({ state: 'ended', endedAtMs: Date.now(), isBrokenOff: true }) as const;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const containerOf = (runId: string) => ({ runId, attempt: 1, epoch: 1, cpus: 1.5, memoryBytes: 1, gpuIds: [] });

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

it.each([
  ['goes on in the store still', 'running'],
  ['is known to have ended', 'failed'],
] as const)(
  'waits for the next report where a run without a workflow, which %s, may have a container that is in none yet',
  async (_, state) => {
    const container = containerOf('left');
    const silent = hostReport({ name: 'silent', reportedAt: ago(60_000) });
    const before = hostReport({ name: 'a', reportedAt: ago(4_000), containers: [] });
    const next = hostReport({ name: 'a', reportedAt: ago(0), containers: [container] });
    const listHosts = jest
      .fn(async () => [next, silent])
      .mockResolvedValueOnce([before, silent])
      .mockResolvedValueOnce([before, silent]);
    const listRuns = async ({ state: asked }: RunQuery) => {
      const items = asked?.includes(state) === true ? [{ id: 'left', state }] : [];
      return { items, next: null } as never;
    };
    const news = await watching({ known: '', store: { listHosts, listRuns }, runs: { standingOf: terminated } });
    expect(news.hosts).toContainEqual(expect.objectContaining({ name: 'a', unleased: [container] }));
  },
  60_000,
);

it('gives the place of a run that was terminated to nobody before its host has told what is left there', async () => {
  const container = containerOf('held');
  const silent = hostReport({ name: 'silent', reportedAt: ago(60_000) });
  let reports = [hostReport({ name: 'a', reportedAt: ago(4_000), containers: [] }), silent];
  const listHosts = jest.fn(async () => reports);
  const watch = watcher({ store: { listHosts }, runs: { standingOf: terminated } });
  const first = await watch('older');
  expect(first.ended).toEqual([]);

  const second = watch(first.version);
  const looks = listHosts.mock.calls.length;
  await until(() => listHosts.mock.calls.length > looks + 1);
  reports = [hostReport({ name: 'a', reportedAt: ago(0), containers: [container] }), silent];
  expect(await second).toMatchObject({ ended: ['held'], hosts: [{ name: 'a', unleased: [container] }, {}] });
}, 30_000);

it('gives back the place of a run that was terminated though its host reports no more', async () => {
  const listHosts = async () => [hostReport({ name: 'a', reportedAt: ago(60_000) })];
  const { ended } = await watching({ store: { listHosts }, runs: { standingOf: terminated } });
  expect(ended).toEqual(['held']);
});

it('waits for no report where no run of the pool has ended, and each that goes on says what it holds', async () => {
  const before = hostReport({ name: 'a', containers: [] });
  const listHosts = jest.fn(async () => [before]);
  expect(await watching({ known: '', store: { listHosts } })).toMatchObject({ hosts: [{ name: 'a' }], runs: [] });
}, 10_000);
