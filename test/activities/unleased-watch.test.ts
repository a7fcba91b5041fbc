import { createUnleasedWatch } from '../../activities/unleased-watch';
import type { HostContainer, HostReport } from '../../contract/host';
import type { RunStanding } from '../../policy/reconcile';
import { hostReport } from '../helpers/host-report';

const container = (runId: string): HostContainer => {
  return { runId, attempt: 1, epoch: 1, cpus: 1, memoryBytes: 1024, gpuIds: [] };
};

/** A report of host `one`, the n-th that it makes. */
const report = (n: number, ...runIds: string[]): HostReport =>
  hostReport({ reportedAt: new Date(n * 5_000).toISOString(), containers: runIds.map(container) });

/** Runs as Temporal and the pool tell of them, and what was asked about them. */
function witness(standings: Record<string, RunStanding | 'mute'>, holders: () => string[] = () => []) {
  const asked: string[] = [];
  const watch = createUnleasedWatch(
    {
      holdersOf: async () => holders(),
      standingOf: async (id) => {
        asked.push(id);
        const known = standings[id] ?? { state: 'unknown' };
        return known === 'mute' ? { state: 'live', epoch: 1 } : known;
      },
      leaseOf: async (id) => {
        asked.push(`lease of ${id}`);
        if (standings[id] === 'mute') throw new Error('it did not answer in time');
        return null;
      },
    },
    'default',
  );
  const look = async (reports: HostReport[], isThorough = false): Promise<string[]> => {
    const { byHost } = await watch.look(reports, isThorough);
    return [...byHost.values()].flat().map(({ runId }) => runId);
  };
  return { watch, look, asked };
}

const LIVE = { state: 'live', epoch: 1 } as const;

it('asks nobody about containers of runs that hold leases, nor of the nodes of a gang that does', async () => {
  const { watch, look, asked } = witness({});
  watch.holdersAre(['a', 'g']);
  expect(await look([report(1, 'a', 'g', 'g.e2.n1')], true)).toEqual([]);
  expect(asked).toEqual([]);
});

it('asks the pool first about a run that is new, which holds a lease as a rule', async () => {
  const { watch, look, asked } = witness({}, () => ['new']);
  watch.holdersAre([]);
  expect(await look([report(1, 'new')])).toEqual([]);
  expect(await look([report(2, 'new')])).toEqual([]);
  expect(asked).toEqual([]);
});

it('gives a run that gave its lease back time until the next report of its host, and then asks', async () => {
  const { look, asked } = witness({ over: LIVE });
  expect(await look([report(1, 'over')])).toEqual([]);
  expect(await look([report(1, 'over')])).toEqual([]);
  expect(asked).toEqual([]);
  expect(await look([report(2, 'over')])).toEqual([]);
  expect(asked).toEqual(['over', 'lease of over']);
  expect(await look([report(3)])).toEqual([]);
});

it('finds what is left of a run that nobody knows, with the second report that names it, or at once where it is thorough', async () => {
  const slow = witness({});
  expect(await slow.look([report(1, 'left')])).toEqual([]);
  expect(await slow.look([report(2, 'left')])).toEqual(['left']);
  expect(await witness({}).look([report(1, 'left')], true)).toEqual(['left']);
});

it('asks at once about what is on a host that has not reported for long', async () => {
  const { look } = witness({});
  expect(await look([report(1)])).toEqual([]);
  expect(await look([report(5, 'left')])).toEqual(['left']);
});

it('asks one that holds room again only where it is thorough, and asks a gang once', async () => {
  const { look, asked } = witness({ g: 'mute' });
  expect(await look([report(1, 'g', 'g.e1.n1')], true)).toEqual(['g', 'g.e1.n1']);
  expect(await look([report(2, 'g', 'g.e1.n1')])).toEqual(['g', 'g.e1.n1']);
  expect(asked).toEqual(['g', 'lease of g']);
  expect(await look([report(3, 'g.e1.n1')], true)).toEqual(['g.e1.n1']);
  expect(asked).toHaveLength(4);
});

it('rejects where Temporal does not say how a run stands: nothing is given out on a guess', async () => {
  const away = async (): Promise<never> => Promise.reject(new Error('Temporal is away'));
  const watch = createUnleasedWatch({ holdersOf: async () => [], standingOf: away, leaseOf: away }, 'default');
  await expect(watch.look([report(1, 'left')], true)).rejects.toThrow('Temporal is away');
});
