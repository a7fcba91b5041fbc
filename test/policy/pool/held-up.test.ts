import type { Reservation } from '../../../contract/pool';
import type { PoolCore } from '../../../policy/pool/core';
import { claim, gpusOf, granted, host, HOUR, MINUTE, NOW, poolOf, submitted } from './pools';

/** Keeps GPUs for project red. */
const reservation = (fromMs: number, untilMs: number, more: Partial<Reservation> = {}): Reservation => ({
  id: 'r1',
  project: 'red',
  gpus: 4,
  gpuModel: null,
  from: new Date(NOW + fromMs).toISOString(),
  until: new Date(NOW + untilMs).toISOString(),
  by: 'ann',
  ...more,
});

const startOf = (pool: PoolCore, runId: string, nowMs = NOW): number | null => {
  const start = pool.explain(runId, nowMs)?.estimatedStart ?? null;
  return start === null ? null : Date.parse(start) - NOW;
};

describe('a run that waits for room which is reserved by the time that it is free', () => {
  /** `first` holds all GPUs for an hour; then they are reserved until four hours from now. */
  function full(): PoolCore {
    const pool = poolOf(host('a', { gpus: 4 }));
    expect(pool.reserve(reservation(HOUR, 4 * HOUR), NOW)).toBeNull();
    pool.claim(claim('first', { gpus: 4, limitMs: HOUR }), NOW);
    pool.claim(claim('waits', { ...submitted(1), gpus: 2, cpus: 8, limitMs: 2 * HOUR }), NOW);
    expect(granted(pool)).toEqual([]);
    return pool;
  }

  it('is told when the reservation is over, and starts then', () => {
    const pool = full();
    expect(startOf(pool, 'waits')).toBe(4 * HOUR);
    pool.release({ runId: 'first', claim: 1 }, NOW + HOUR);
    expect(startOf(pool, 'waits', NOW + HOUR)).toBe(4 * HOUR);
    expect(granted(pool, NOW + HOUR)).toEqual([]);
    expect(granted(pool, NOW + 4 * HOUR)).toEqual(['waits']);
  });

  it('keeps nobody out who is gone by then', () => {
    const pool = full();
    pool.claim(claim('short', { cpus: 7, limitMs: 3 * HOUR }), NOW);
    expect(granted(pool)).toEqual(['short']);
  });

  it('has its place kept from those who would still be there then, also while nothing but the reservation is in its way', () => {
    const pool = full();
    pool.claim(claim('long', { cpus: 7, limitMs: 5 * HOUR }), NOW);
    expect(granted(pool)).toEqual([]);
    pool.release({ runId: 'first', claim: 1 }, NOW + HOUR);
    expect(granted(pool, NOW + HOUR)).toEqual([]);
    expect(pool.explain('waits', NOW + HOUR)).toMatchObject({ cause: 'reserved' });
    expect(pool.explain('long', NOW + HOUR)?.waitsFor).toBe(
      'waits behind run waits, which is to have its place on host a by 16:00 UTC: this run may last 5 h and would be in its way',
    );
    expect(granted(pool, NOW + 4 * HOUR)).toEqual(['waits']);
  });

  it('takes the promise of a place from none that waits for room alone', () => {
    const pool = poolOf(host('a', { gpus: 4 }), host('b'));
    pool.reserve(reservation(HOUR, 24 * HOUR), NOW);
    pool.claim(claim('first', { gpus: 4, limitMs: HOUR }), NOW);
    pool.claim(claim('small', { cpus: 4, host: 'b', limitMs: HOUR }), NOW);
    pool.claim(claim('reserved', { gpus: 4, priority: 90, limitMs: 2 * HOUR }), NOW);
    pool.claim(claim('large', { cpus: 8, host: 'b', priority: 80 }), NOW);
    pool.claim(claim('filler', { cpus: 4, host: 'b', limitMs: 2 * HOUR }), NOW);
    expect(granted(pool)).toEqual([]);
    expect(pool.explain('filler', NOW)).toMatchObject({ cause: 'behind' });
    pool.release({ runId: 'small', claim: 1 }, NOW + HOUR);
    expect(granted(pool, NOW + HOUR)).toEqual(['large']);
  });

  it('lets a shorter one end others that is through before it', () => {
    const pool = poolOf(host('a', { gpus: 4 }));
    pool.reserve(reservation(24 * HOUR, 30 * HOUR), NOW);
    pool.claim(claim('low', { gpus: 4, priority: 10, preemptible: true, limitMs: 20 * HOUR }), NOW);
    pool.claim(claim('days', { gpus: 4, priority: 90, limitMs: 48 * HOUR }), NOW);
    pool.claim(claim('urgent', { gpus: 4, priority: 80 }), NOW);
    expect(pool.decide(NOW)).toMatchObject([{ kind: 'preempt', runId: 'low' }]);
    pool.release({ runId: 'low', claim: 1 }, NOW + MINUTE);
    expect(granted(pool, NOW + MINUTE)).toEqual(['urgent']);
    expect(startOf(pool, 'days', NOW + MINUTE)).toBe(30 * HOUR);
  });
});

it('a run may be promised other GPUs than those that are reserved, where they are free before', () => {
  const pool = poolOf(host('a', { gpus: 4 }), host('b', { gpus: gpusOf('b', 4, { model: 'NVIDIA T4' }) }));
  pool.reserve(reservation(HOUR, 4 * HOUR, { gpuModel: 'H100' }), NOW);
  pool.claim(claim('on-a', { gpus: 4, host: 'a', limitMs: HOUR }), NOW);
  pool.claim(claim('on-b', { gpus: 4, host: 'b', limitMs: 2 * HOUR }), NOW);
  pool.claim(claim('waits', { gpus: 4, limitMs: 2 * HOUR }), NOW);
  expect(startOf(pool, 'waits')).toBe(2 * HOUR);
});

it('a run may be promised a place within a reservation, as soon as others leave enough for both', () => {
  const pool = poolOf(host('a', { gpus: 4 }), host('b', { gpus: 4 }));
  pool.claim(claim('on-a', { gpus: 4, host: 'a', limitMs: HOUR }), NOW);
  pool.claim(claim('on-b', { gpus: 4, host: 'b', limitMs: 2 * HOUR }), NOW);
  pool.reserve(reservation(0, 24 * HOUR), NOW);
  pool.claim(claim('waits', { ...submitted(1), gpus: 4, limitMs: 2 * HOUR }), NOW);
  expect(startOf(pool, 'waits')).toBe(2 * HOUR);
  pool.release({ runId: 'on-a', claim: 1 }, NOW + HOUR);
  pool.claim(claim('small', { gpus: 1, limitMs: 12 * HOUR }), NOW + HOUR);
  expect(granted(pool, NOW + HOUR)).toEqual([]);
  pool.release({ runId: 'on-b', claim: 1 }, NOW + 2 * HOUR);
  expect(granted(pool, NOW + 2 * HOUR)).toEqual(['waits']);
});
