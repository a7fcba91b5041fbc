import { placeRun, type HostFacts } from '../../policy/placement';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');

function host(name: string, facts: Partial<HostFacts> & { ageMs?: number } = {}): HostFacts {
  const { ageMs = 1_000, ...more } = facts;
  const reportedAt = new Date(NOW - ageMs).toISOString();
  return { name, reportedAt, engineReady: true, engineProblem: null, liveRuns: 0, ...more };
}

it('takes the host with the fewest live runs', () => {
  expect(placeRun([host('a', { liveRuns: 2 }), host('b', { liveRuns: 1 }), host('c', { liveRuns: 3 })], NOW)).toEqual({
    host: 'b',
  });
});

it('takes the first by name among equals, whatever their order', () => {
  expect(placeRun([host('b'), host('a'), host('c')], NOW)).toEqual({ host: 'a' });
  expect(placeRun([host('c'), host('b'), host('a')], NOW)).toEqual({ host: 'a' });
});

it('passes over a host that is silent or whose engine is away, though it has the fewest runs', () => {
  const hosts = [host('a', { ageMs: 15_001 }), host('b', { engineReady: false }), host('c', { liveRuns: 9 })];
  expect(placeRun(hosts, NOW)).toEqual({ host: 'c' });
});

it('still trusts a report of 15 s ago', () => {
  expect(placeRun([host('a', { ageMs: 15_000 })], NOW)).toEqual({ host: 'a' });
});

it('says of each host why it cannot take the run', () => {
  const hosts = [
    host('a', { engineReady: false, engineProblem: 'connection refused' }),
    host('b', { engineReady: false }),
    host('c', { ageMs: 40_000 }),
  ];
  expect(placeRun(hosts, NOW)).toEqual({
    none: 'host a has a Docker Engine that does not answer (connection refused); host b has a Docker Engine that does not answer; host c has not reported for 40 s',
  });
});

it('says so where there is no host at all', () => {
  expect(placeRun([], NOW)).toEqual({ none: 'no host worker has reported yet' });
});
