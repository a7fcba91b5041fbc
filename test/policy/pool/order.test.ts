import { HOUR, MINUTE, claim, gpusOf, granted, host, NOW, poolOf, submitted } from './pools';

const at = (ms: number): { submittedAt: string } => ({ submittedAt: new Date(NOW + ms).toISOString() });

describe('the order of those that wait', () => {
  it('is by priority, then by age, then by id', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.claim(claim('first'), NOW);
    pool.claim(claim('younger', { ...at(1) }), NOW + 1);
    pool.claim(claim('b'), NOW);
    pool.claim(claim('a'), NOW);
    pool.claim(claim('urgent', { priority: 60, ...at(2) }), NOW + 2);
    expect(pool.view(NOW + 2).queue.map(({ runId }) => runId)).toEqual(['urgent', 'a', 'b', 'younger']);
    pool.release({ runId: 'first', claim: 1 }, NOW + 3);
    expect(granted(pool, NOW + 3)).toEqual(['urgent']);
  });

  it('grows by a point for each ten minutes of waiting, up to a hundred', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.claim(claim('first'), NOW);
    pool.claim(claim('old', { priority: 50, ...submitted(101) }), NOW);
    pool.claim(claim('new', { priority: 60 }), NOW);
    pool.claim(claim('ancient', { priority: 0, ...submitted(100_000) }), NOW);
    expect(pool.view(NOW).queue.map(({ runId, effectivePriority }) => [runId, Math.round(effectivePriority)])).toEqual([
      ['ancient', 100],
      ['old', 60],
      ['new', 60],
    ]);
  });

  it('follows other settings at once', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.claim(claim('first'), NOW);
    pool.claim(claim('old', { priority: 50, ...submitted(200) }), NOW);
    pool.claim(claim('new', { priority: 60 }), NOW);
    expect(pool.explain('old', NOW)?.place).toBe(1);
    pool.configure({ ageingMs: 0 });
    expect(pool.explain('old', NOW)?.place).toBe(2);
  });

  it('changes with the priority of a run that waits', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.claim(claim('first'), NOW);
    pool.claim(claim('one'), NOW);
    pool.claim(claim('two'), NOW);
    expect(pool.reprioritise('two', 51)).toBe(true);
    expect(pool.explain('two', NOW)?.place).toBe(1);
    expect(pool.reprioritise('nobody', 1)).toBe(false);
  });
});

describe('a fair share', () => {
  it('gives way to the project that used less', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.claim(claim('red-1', { project: 'red' }), NOW);
    pool.claim(claim('red-2', { project: 'red' }), NOW);
    pool.claim(claim('green-1', { project: 'green', ...at(1_000) }), NOW + 1_000);
    pool.release({ runId: 'red-1', claim: 1 }, NOW + HOUR);
    expect(granted(pool, NOW + HOUR)).toEqual(['green-1']);
  });

  it('goes by weight', () => {
    const pool = poolOf(host('a', { cpus: 12 }));
    pool.configure({ weights: { red: 2 } });
    pool.claim(claim('first', { cpus: 12, project: 'blue' }), NOW);
    for (let index = 0; index < 12; index += 1) {
      pool.claim(claim(`red-${index}`, { project: 'red' }), NOW);
      pool.claim(claim(`green-${index}`, { project: 'green' }), NOW);
    }
    pool.release({ runId: 'first', claim: 1 }, NOW);
    const started = granted(pool);
    expect(started.filter((runId) => runId.startsWith('red'))).toHaveLength(8);
    expect(started.filter((runId) => runId.startsWith('green'))).toHaveLength(4);
  });

  it('forgets with the half-life', () => {
    const pool = poolOf(host('a', { cpus: 1 }));
    pool.configure({ usageHalfLifeMs: HOUR, ageingMs: 0 });
    pool.claim(claim('red-1', { project: 'red' }), NOW);
    pool.release({ runId: 'red-1', claim: 1 }, NOW + 10 * HOUR);
    pool.claim(claim('green-1', { project: 'green' }), NOW + 20 * HOUR);
    pool.claim(claim('red-2', { project: 'red' }), NOW + 21 * HOUR);
    pool.claim(claim('green-2', { project: 'green' }), NOW + 21 * HOUR);
    pool.release({ runId: 'green-1', claim: 1 }, NOW + 21 * HOUR);
    expect(granted(pool, NOW + 21 * HOUR)).toEqual(['red-2']);
  });
});

describe('a quota', () => {
  it.each([
    ['runs', { runs: 1 }, 'waits because project red holds 1 run and its quota is 1'],
    ['CPUs', { cpus: 3 }, 'waits because project red holds 2 CPUs and its quota is 3'],
    ['GPUs', { gpus: 1 }, 'waits because project red holds 1 GPU and its quota is 1'],
  ])('of a project on %s keeps its runs waiting, and nobody else', (_, quota, waitsFor) => {
    const pool = poolOf(host('a', { gpus: 4 }));
    pool.configure({ projectQuotas: { red: quota } });
    pool.claim(claim('red-1', { project: 'red', cpus: 2, gpus: 1 }), NOW);
    expect(pool.claim(claim('red-2', { project: 'red', cpus: 2, gpus: 1 }), NOW)).toMatchObject({
      kind: 'queued',
      explanation: { cause: 'quota', waitsFor },
    });
    expect(pool.claim(claim('green-1', { project: 'green', priority: 0, cpus: 2, gpus: 1 }), NOW + 1).kind).toBe(
      'queued',
    );
    expect(granted(pool, NOW + 1)).toEqual(['green-1']);
    pool.release({ runId: 'red-1', claim: 1 }, NOW + 2);
    expect(granted(pool, NOW + 2)).toEqual(['red-2']);
  });

  it('of everybody counts for each owner who is not named', () => {
    const pool = poolOf(host('a'));
    pool.configure({ ownerQuotas: { '*': { runs: 1 }, bob: { runs: 2 } } });
    for (const owner of ['ann', 'bob', 'cy']) {
      for (const number of [1, 2, 3]) pool.claim(claim(`${owner}-${number}`, { owner }), NOW);
    }
    pool.decide(NOW);
    expect(pool.view(NOW).leases.map(({ runId }) => runId)).toEqual(['ann-1', 'bob-1', 'bob-2', 'cy-1']);
  });
});

describe('backfill', () => {
  /** Four GPUs, three of them held for an hour, and a run that waits for all four. */
  const waiting = () => {
    const pool = poolOf(host('a', { gpus: 4, cpus: 64 }), host('b', { gpus: gpusOf('b', 1) }));
    pool.claim(claim('holder', { gpus: 3 }), NOW);
    pool.claim(claim('head', { gpus: 4, ...at(1) }), NOW + 1);
    return pool;
  };

  it('lets a run pass that ends before the first that waits can start', () => {
    const pool = waiting();
    pool.claim(claim('short', { gpus: 1, host: 'a', limitMs: 59 * MINUTE, ...at(2) }), NOW + 2);
    expect(granted(pool, NOW + 2)).toEqual(['short']);
    expect(pool.view(NOW + 2).leases.at(-1)?.because).toBe(
      'host a: best fit, 1 of 4 GPUs were free; passed 1 run that cannot start yet',
    );
  });

  it('keeps out one that would still be there, and says so', () => {
    const pool = waiting();
    pool.claim(claim('long', { gpus: 1, host: 'a', limitMs: 61 * MINUTE, ...at(2) }), NOW + 2);
    expect(granted(pool, NOW + 2)).toEqual([]);
    expect(pool.explain('long', NOW + 2)).toMatchObject({
      cause: 'behind',
      waitsFor:
        'waits behind run head, which is to have its place on host a by 13:00 UTC: this run may last 1 h 1 min and would be in its way',
      freedBy: 'the start of run head, or the end of another run',
    });
  });

  it('lets one pass that the first does not need the place of: on another host, or beside it', () => {
    const pool = waiting();
    pool.claim(claim('elsewhere', { gpus: 1, limitMs: 9 * HOUR, host: 'b', ...at(2) }), NOW + 2);
    pool.claim(claim('beside', { cpus: 8, limitMs: 9 * HOUR, host: 'a', ...at(3) }), NOW + 3);
    expect(granted(pool, NOW + 3)).toEqual(['elsewhere', 'beside']);
  });

  it('takes a lease that is past its limit to end any moment', () => {
    const pool = waiting();
    pool.claim(claim('late', { gpus: 1, host: 'a', limitMs: MINUTE, ...at(2 * HOUR) }), NOW + 2 * HOUR);
    expect(granted(pool, NOW + 2 * HOUR)).toEqual([]);
    expect(pool.explain('head', NOW + 2 * HOUR)).toMatchObject({
      estimatedStart: new Date(NOW + 2 * HOUR).toISOString(),
    });
  });
});
