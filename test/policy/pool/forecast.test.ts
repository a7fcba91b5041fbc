import { claim, gpusOf, granted, host, HOUR, NOW, poolOf } from './pools';

const MANY = 300;

describe('the estimate of a run that waits far back', () => {
  it('is when all before it are over, one after another', () => {
    const pool = poolOf(host('a'));
    pool.claim(claim('first', { cpus: 8 }), NOW);
    for (let index = 0; index < MANY; index += 1) pool.claim(claim(`run-${1_000 + index}`, { cpus: 8 }), NOW);
    expect(pool.explain(`run-${1_000 + MANY - 1}`, NOW)).toMatchObject({
      place: MANY,
      estimatedStart: new Date(NOW + MANY * HOUR).toISOString(),
    });
  });

  it('counts what those before it take on each host', () => {
    const pool = poolOf(host('a'), host('b', { cpus: 4 }));
    pool.claim(claim('on-a', { cpus: 8, limitMs: HOUR }), NOW);
    pool.claim(claim('on-b', { cpus: 4, limitMs: 5 * HOUR }), NOW);
    for (let index = 0; index < 40; index += 1) pool.claim(claim(`run-${100 + index}`, { cpus: 8 }), NOW);
    pool.claim(claim('small', { cpus: 4, priority: 0 }), NOW);
    expect(granted(pool)).toEqual([]);
    expect(pool.explain('small', NOW)?.estimatedStart).toBe(new Date(NOW + 5 * HOUR).toISOString());
  });

  it('leaves out those before it that wait for their quota', () => {
    const pool = poolOf(host('a', { gpus: gpusOf('a', 2) }));
    pool.configure({ ownerQuotas: { ada: { runs: 0 } } });
    pool.claim(claim('first', { cpus: 8, limitMs: 2 * HOUR }), NOW);
    for (let index = 0; index < MANY; index += 1) pool.claim(claim(`run-${index}`, { owner: 'ada', cpus: 8 }), NOW);
    pool.claim(claim('last', { cpus: 8, priority: 0 }), NOW);
    expect(pool.explain('last', NOW)?.estimatedStart).toBe(new Date(NOW + 2 * HOUR).toISOString());
    expect(pool.explain('run-7', NOW)?.estimatedStart).toBeNull();
  });
});
