import { packWithKnowledge } from '../../bench/helpers/clairvoyant';
import { makeLoad } from '../../bench/helpers/simulated-load';
import { simulate } from '../../bench/helpers/simulation';
import { createFigures } from '../../bench/helpers/simulation-figures';

const LOAD = { hosts: 20, runs: 500, pressure: 4, seed: 7 };

it('lives through a small load without giving out what it does not have, and ends every run', () => {
  const load = makeLoad(LOAD);
  const figures = createFigures(load);
  const counters = simulate(load, figures);
  expect(counters.grants).toBeGreaterThanOrEqual(LOAD.runs);
  expect(counters.mostQueued).toBeGreaterThan(10);
  expect(figures.utilisation()).toBeGreaterThan(50);
  expect(counters.invariants).toMatchObject({
    noStarvation: LOAD.runs,
    neverTwoLeasesForAnAttempt: counters.grants,
    neverOverCapacity: expect.any(Number),
    neverOnALostHost: counters.invariants.neverOverCapacity,
  });
  expect(counters.invariants.neverOverCapacity).toBeGreaterThanOrEqual(counters.grants);
});

it('does the same each time', () => {
  const results = [1, 2].map(() => {
    const load = makeLoad(LOAD);
    const figures = createFigures(load);
    return figures.result(simulate(load, figures));
  });
  expect(results[0]).toEqual(results[1]);
});

it('is not above the bound by more than chance', () => {
  const load = makeLoad({ ...LOAD, runs: 1_500 });
  const [pool, bound] = [createFigures(load), createFigures(load)];
  packWithKnowledge(load, bound);
  simulate({ ...load, losses: [] }, pool);
  expect(pool.utilisation()).toBeLessThanOrEqual(bound.utilisation() + 1);
});
