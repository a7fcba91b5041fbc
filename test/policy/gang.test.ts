import type { NodeEnd } from '../../contract/gang';
import { describeEnding, type Ending } from '../../policy/outcome';
import { endingOfGang, placeGang, type EndedNode } from '../../policy/gang';

const node = (host: string, address?: string) => ({
  host,
  cpus: 1,
  memoryBytes: 1,
  gpuIds: [],
  ...(address !== undefined && { address }),
});
const RUN = { runId: 'llm-x3', attempt: 2, epoch: 5 };

describe('the nodes of a gang', () => {
  it.each([
    ['none', { kind: 'bridge', name: 'trainyard-llm-x3-e5', internal: true }],
    ['egress', { kind: 'bridge', name: 'trainyard-llm-x3-e5', internal: false }],
    ['lab', { kind: 'named', name: 'lab' }],
  ])('on one host with network %s find each other by name', (network, expected) => {
    expect(placeGang(RUN, { network }, [node('a'), node('a')])).toEqual([
      {
        of: 'llm-x3',
        attempt: 2,
        rank: 0,
        worldSize: 2,
        masterAddress: 'node-0',
        masterPort: 29_500,
        network: expected,
      },
      {
        of: 'llm-x3',
        attempt: 2,
        rank: 1,
        worldSize: 2,
        masterAddress: 'node-0',
        masterPort: 29_500,
        network: expected,
      },
    ]);
  });

  it('on several hosts meet at the address of the first, at a port that is the same for all and for each try', () => {
    const places = placeGang(RUN, { network: 'none' }, [node('a', '10.0.0.1'), node('b', '10.0.0.2')]);

    expect(places).toMatchObject([
      { rank: 0, masterAddress: '10.0.0.1', network: { kind: 'host' } },
      { rank: 1, masterAddress: '10.0.0.1', network: { kind: 'host' } },
    ]);
    if (typeof places === 'string') throw new Error(places);
    const [port] = [...new Set(places.map(({ masterPort }) => masterPort))];
    expect(port).toBeGreaterThanOrEqual(29_500);
    expect(port).toBeLessThan(30_500);
    expect(placeGang(RUN, { network: 'none' }, [node('a', '10.0.0.1'), node('b', '10.0.0.2')])).toEqual(places);
  });

  it('on several hosts, one of which has no address, cannot find each other', () => {
    expect(placeGang(RUN, { network: 'none' }, [node('a', '10.0.0.1'), node('b')])).toBe(
      'host b has no address for gangs on several hosts (host.address of its worker)',
    );
  });
});

describe('how a gang ended', () => {
  const COMPLETED: Ending = { reason: 'completed', exitCode: 0, detail: {} };
  const STOPPED: Ending = { reason: 'node-failed', exitCode: 143, detail: {} };
  const ended = (end: Partial<NodeEnd>): EndedNode => ({
    rank: 1,
    runId: 'llm-x3.e5.n1',
    host: 'b',
    end: { reason: 'completed', exitCode: 0, detail: {}, findings: null, evidence: null, ...end },
  });
  const oom = ended({ reason: 'out-of-memory', exitCode: 137 });

  it('is how its first node ended, where no other was in trouble', () => {
    expect(endingOfGang(COMPLETED, null)).toEqual({ ending: COMPLETED, of: null });
  });

  it('is how the node ended that failed first, which is named', () => {
    for (const own of [STOPPED, COMPLETED]) {
      const { ending, of } = endingOfGang(own, oom);
      expect(of).toBe(oom);
      expect(ending).toMatchObject({ reason: 'out-of-memory', exitCode: 137 });
      expect(describeEnding(ending)).toMatch(/This was node 1 of the gang, run llm-x3\.e5\.n1 on host b\.$/);
    }
  });

  it('is how its first node ended, where that had its own cause already', () => {
    const own: Ending = { reason: 'cancelled', exitCode: 143, detail: { by: 'ada' } };
    expect(endingOfGang(own, oom)).toEqual({ ending: own, of: null });
  });
});
