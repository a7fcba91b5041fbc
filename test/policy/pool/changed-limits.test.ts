import type { PoolCore } from '../../../policy/pool/core';
import { claim, gpusOf, granted, host, HOUR, NOW, poolOf, submitted } from './pools';

/** `holds` has half of the only host for two hours, and `head` waits for all of it. */
function halfFull(): PoolCore {
  const pool = poolOf(host('a'));
  pool.claim(claim('holds', { cpus: 4, limitMs: 2 * HOUR }), NOW);
  pool.claim(claim('head', { cpus: 8, priority: 90 }), NOW);
  return pool;
}

const startOf = (pool: PoolCore, runId: string): number => Date.parse(pool.explain(runId, NOW)!.estimatedStart!) - NOW;

describe('the limit of a run that waits', () => {
  it('lets it pass the first where it is short enough by now', () => {
    const pool = halfFull();
    pool.claim(claim('short', { cpus: 4, limitMs: 72 * HOUR }), NOW);
    expect(granted(pool)).toEqual([]);
    expect(pool.changeLimit('short', HOUR)).toBe(true);
    expect(granted(pool)).toEqual(['short']);
  });

  it('keeps it from passing where it is too long by now', () => {
    const pool = halfFull();
    pool.claim(claim('long', { cpus: 4, limitMs: HOUR }), NOW);
    pool.changeLimit('long', 3 * HOUR);
    expect(granted(pool)).toEqual([]);
    expect(pool.explain('long', NOW)).toMatchObject({ cause: 'behind', waitsFor: expect.stringContaining('3 h') });
  });

  it('leaves its place in the queue, and moves the estimates of those behind', () => {
    const pool = halfFull();
    pool.claim(claim('last', { cpus: 8, ...submitted(0) }), NOW);
    expect(startOf(pool, 'last')).toBe(3 * HOUR);
    pool.changeLimit('head', 10 * HOUR);
    expect(pool.view(NOW).queue.map(({ runId }) => runId)).toEqual(['head', 'last']);
    expect(startOf(pool, 'last')).toBe(12 * HOUR);
  });
});

describe('the limit of a run that holds a place', () => {
  it.each([
    ['later', 20 * HOUR],
    ['sooner', HOUR],
  ])('moves what is promised to others: %s', (_, limitMs) => {
    const pool = halfFull();
    expect(startOf(pool, 'head')).toBe(2 * HOUR);
    expect(pool.changeLimit('holds', limitMs)).toBe(true);
    expect(startOf(pool, 'head')).toBe(limitMs);
  });

  it('lets runs pass that are gone by then', () => {
    const pool = halfFull();
    pool.claim(claim('long', { cpus: 4, limitMs: 10 * HOUR }), NOW);
    expect(granted(pool)).toEqual([]);
    pool.changeLimit('holds', 20 * HOUR);
    expect(granted(pool)).toEqual(['long']);
  });

  it('counts against what is reserved by then', () => {
    const pool = poolOf(host('a', { gpus: gpusOf('a', 2) }));
    const [from, until] = [2 * HOUR, 9 * HOUR].map((ms) => new Date(NOW + ms).toISOString()) as [string, string];
    pool.claim(claim('holds', { gpus: 1, limitMs: HOUR }), NOW);
    pool.reserve({ id: 'r', project: 'red', gpus: 1, gpuModel: null, from, until, by: 'ann' }, NOW);
    pool.changeLimit('holds', 10 * HOUR);
    expect(pool.claim(claim('other', { gpus: 1, limitMs: 5 * HOUR }), NOW)).toMatchObject({
      kind: 'queued',
      explanation: { cause: 'reserved' },
    });
    expect(granted(pool)).toEqual([]);
    pool.changeLimit('holds', HOUR);
    expect(granted(pool)).toEqual(['other']);
  });
});

it('is of no run that neither waits nor holds a place', () => {
  expect(halfFull().changeLimit('nobody', HOUR)).toBe(false);
});
