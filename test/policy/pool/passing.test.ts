import type { LeaseRequest, Quota } from '../../../contract/pool';
import type { PoolCore } from '../../../policy/pool/core';
import { claim, gpusOf, granted, host, HOUR, MINUTE, NOW, poolOf, submitted } from './pools';

/** More than a pass would look for a place for. */
const MANY = 600;

/** Runs of others that came long before; the last one of all is Bob's. */
function queueOf(pool: PoolCore, wishOf: (index: number) => Partial<LeaseRequest>, last: Partial<LeaseRequest> = {}) {
  for (let index = 0; index < MANY; index += 1) {
    pool.claim(claim(`run-${index}`, { owner: 'ada', ...submitted(9), ...wishOf(index) }), NOW);
  }
  expect(pool.claim(claim('last', { owner: 'bob', ...last }), NOW).kind).toBe('queued');
}

describe('a run behind hundreds that cannot start', () => {
  it.each<[string, Record<string, Quota>, (index: number) => string]>([
    ['of one owner', { ada: { runs: 4 } }, () => 'ada'],
    ['of many owners', { '*': { runs: 0 }, bob: { runs: 1 } }, (index) => `owner-${index}`],
  ])('starts where they wait for the quota of their owner: those %s', (_, ownerQuotas, owner) => {
    const pool = poolOf(host('a'));
    pool.configure({ ownerQuotas });
    queueOf(pool, (index) => ({ owner: owner(index) }));
    expect(granted(pool)).toContain('last');
  });

  it('starts where they wait for the quota of their project and none is like another', () => {
    const pool = poolOf(host('a'));
    pool.configure({ projectQuotas: { red: { runs: 0 } } });
    queueOf(pool, (index) => ({ project: 'red', memoryBytes: 1_000 + index }));
    expect(granted(pool)).toEqual(['last']);
  });

  it('starts where their quota is full of what was started just before them', () => {
    const pool = poolOf(host('a'));
    pool.configure({ ownerQuotas: { ada: { cpus: 2 } } });
    queueOf(pool, (index) => ({ cpus: index === 0 ? 2 : 1 }));
    expect(granted(pool)).toEqual(['last']);
    expect(pool.explain('run-599', NOW)?.cause).toBe('quota');
  });

  it('passes the first that waits for room where they wait for their quota', () => {
    const pool = poolOf(host('a'));
    pool.configure({ ownerQuotas: { ada: { runs: 1 } } });
    pool.claim(claim('holds', { cpus: 4, limitMs: HOUR }), NOW);
    pool.claim(claim('head', { cpus: 8, priority: 90 }), NOW);
    queueOf(pool, () => ({ limitMs: MINUTE }), { limitMs: MINUTE });
    expect(granted(pool)).toEqual(['run-0', 'last']);
  });

  it('passes the first that waits for room where they would last too long', () => {
    const pool = poolOf(host('a'));
    pool.claim(claim('holds', { cpus: 4, limitMs: HOUR }), NOW);
    pool.claim(claim('head', { cpus: 8, priority: 90 }), NOW);
    queueOf(pool, () => ({ limitMs: 3 * HOUR }), { limitMs: MINUTE });
    expect(granted(pool)).toEqual(['last']);
  });

  it('starts where they would last into a reservation', () => {
    const pool = poolOf(host('a', { gpus: gpusOf('a', 2) }));
    const [from, until] = [HOUR, 9 * HOUR].map((ms) => new Date(NOW + ms).toISOString()) as [string, string];
    pool.reserve({ id: 'r', project: 'blue', gpus: 2, gpuModel: null, from, until, by: 'ann' }, NOW);
    queueOf(pool, () => ({ gpus: 1, limitMs: 3 * HOUR }), { gpus: 1, limitMs: MINUTE });
    expect(granted(pool)).toEqual(['last']);
  });

  it('starts where they wait for another host than those that they are to avoid', () => {
    const pool = poolOf(host('a'), host('b', { contact: 'unreachable' }));
    queueOf(pool, (index) => ({ avoid: ['a'], memoryBytes: 1_000 + index }));
    expect(granted(pool)).toEqual(['last']);
  });
});
