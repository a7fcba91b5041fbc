import type { Lease, LeaseRequest } from '../../../contract/pool';
import type { LeaseStanding } from '../../../contract/pool-messages';
import { adoptClaims } from '../../../policy/pool/adopt';
import { createPoolCore, type PoolCore } from '../../../policy/pool/core';
import { claim, GIB, granted, host, HOUR, NOW } from './pools';

/** What a run says that it holds on a host. */
function standing(runId: string, wish: Partial<LeaseRequest>, hosts = ['a'], gpuIds: string[] = []): LeaseStanding {
  const asked = claim(runId, { nodes: hosts.length, gpus: gpuIds.length, ...wish });
  const { cpus, memoryBytes } = asked.request;
  const nodes = hosts.map((name) => ({ host: name, cpus, memoryBytes, gpuIds }));
  const lease: Lease = {
    ...{ runId, claim: 1, attempt: 1, nodes },
    grantedAt: new Date(NOW).toISOString(),
    because: 'It was there before the pool.',
  };
  return { claim: { ...asked, pool: 'default' }, lease };
}

/** A pool that was begun anew, and has heard of leases before it heard of their hosts. */
const poolThatHeard = (...leases: LeaseStanding[]): PoolCore =>
  createPoolCore('default', adoptClaims(createPoolCore('default').state(), leases));

const usedOn = (pool: PoolCore, name: string) => {
  const { usedCpus, usedMemoryBytes, runs } = pool.view(NOW).hosts.find((each) => each.name === name)!;
  return { usedCpus, usedMemoryBytes, runs };
};

describe('a lease on a host that the pool does not know yet', () => {
  it.each([
    ['CPUs', { cpus: 6 }, { cpus: 3 }],
    ['memory', { memoryBytes: 40 * GIB }, { memoryBytes: 30 * GIB }],
  ])('counts from when the host appears: %s', (_, holds, wish) => {
    const pool = poolThatHeard(standing('x', holds));
    pool.hostsAre([host('a'), host('b', { contact: 'lost' })], NOW);
    expect(pool.claim(claim('y', wish), NOW).kind).toBe('queued');
    expect(granted(pool)).toEqual([]);
    pool.release({ runId: 'x', claim: 1 }, NOW);
    expect(granted(pool)).toEqual(['y']);
  });

  it('leaves nothing behind, and takes no more than it held', () => {
    const pool = poolThatHeard(standing('x', { cpus: 6 }, ['a', 'a', 'b']));
    pool.hostsAre([host('a', { cpus: 16 })], NOW);
    expect(usedOn(pool, 'a')).toEqual({ usedCpus: 12, usedMemoryBytes: 2 * GIB, runs: ['x'] });
    pool.release({ runId: 'x', claim: 1 }, NOW);
    pool.hostsAre([host('a', { cpus: 16 }), host('b')], NOW);
    for (const name of ['a', 'b']) expect(usedOn(pool, name)).toEqual({ usedCpus: 0, usedMemoryBytes: 0, runs: [] });
  });

  it('keeps its host, once that has appeared, among those that are lost', () => {
    const pool = poolThatHeard(standing('x', {}));
    pool.hostsAre([host('a')], NOW);
    pool.hostsAre([], NOW);
    expect(pool.view(NOW).hosts).toMatchObject([{ name: 'a', state: 'lost', runs: ['x'] }]);
  });

  it('gives way there as any other does', () => {
    const pool = poolThatHeard(standing('x', { cpus: 6, priority: 10, preemptible: true }));
    pool.hostsAre([host('a')], NOW);
    pool.claim(claim('y', { cpus: 6, priority: 90, limitMs: HOUR }), NOW);
    expect(pool.decide(NOW)).toMatchObject([{ kind: 'preempt', runId: 'x' }]);
  });
});

it('gives a GPU that two runs say they hold to nobody before both have given it back', () => {
  const pool = poolThatHeard(...['x', 'y'].map((runId) => standing(runId, {}, ['a'], ['GPU-a-0'])));
  pool.hostsAre([host('a', { gpus: 1 })], NOW);
  pool.claim(claim('z', { gpus: 1 }), NOW);
  pool.release({ runId: 'y', claim: 1 }, NOW);
  expect(granted(pool)).toEqual([]);
  pool.release({ runId: 'x', claim: 1 }, NOW);
  expect(granted(pool)).toEqual(['z']);
});
