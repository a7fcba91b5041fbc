import { placeRun, type HostFacts } from '../../policy/placement';

const NO_FALLBACK = { engineAwaySince: null, fallback: 'none', fallbackAfterMs: 60_000 } as const;
const RUN = { hasCommand: true };
const NOW = Date.parse('2026-01-01T12:00:00.000Z');

function host(name: string, facts: Partial<HostFacts> & { ageMs?: number } = {}): HostFacts {
  const { ageMs = 1_000, ...more } = facts;
  const reportedAt = new Date(NOW - ageMs).toISOString();
  return { name, reportedAt, engineReady: true, engineProblem: null, ...NO_FALLBACK, liveRuns: 0, ...more };
}

it('takes the host with the fewest live runs', () => {
  expect(
    placeRun([host('a', { liveRuns: 2 }), host('b', { liveRuns: 1 }), host('c', { liveRuns: 3 })], NOW, RUN),
  ).toEqual({
    host: 'b',
  });
});

it('takes the first by name among equals, whatever their order', () => {
  expect(placeRun([host('b'), host('a'), host('c')], NOW, RUN)).toEqual({ host: 'a' });
  expect(placeRun([host('c'), host('b'), host('a')], NOW, RUN)).toEqual({ host: 'a' });
});

it('passes over a host that is silent or whose engine is away, though it has the fewest runs', () => {
  const hosts = [host('a', { ageMs: 15_001 }), host('b', { engineReady: false }), host('c', { liveRuns: 9 })];
  expect(placeRun(hosts, NOW, RUN)).toEqual({ host: 'c' });
});

it('still trusts a report of 15 s ago', () => {
  expect(placeRun([host('a', { ageMs: 15_000 })], NOW, RUN)).toEqual({ host: 'a' });
});

it('says of each host why it cannot take the run', () => {
  const hosts = [
    host('a', { engineReady: false, engineProblem: 'connection refused' }),
    host('b', { engineReady: false }),
    host('c', { ageMs: 40_000 }),
  ];
  expect(placeRun(hosts, NOW, RUN)).toEqual({
    none: 'host a has a Docker Engine that does not answer (connection refused); host b has a Docker Engine that does not answer; host c has not reported for 40 s',
  });
});

it('passes over a host that takes no new containers, and says why', () => {
  const full = host('a', { refuses: ['has a disk that is 93 % full', 'shares its name'] });
  expect(placeRun([full, host('b', { liveRuns: 9 })], NOW, RUN)).toEqual({ host: 'b' });
  expect(placeRun([full], NOW, RUN)).toEqual({ none: 'host a has a disk that is 93 % full, and shares its name' });
});

it('says so where there is no host at all', () => {
  expect(placeRun([], NOW, RUN)).toEqual({ none: 'no host worker has reported yet' });
});

describe('a host to avoid', () => {
  const avoiding = (...avoid: string[]) => ({ hasCommand: true, avoid });

  it('comes after every other, though it has fewer live runs', () => {
    const hosts = [host('a'), host('b', { liveRuns: 9 }), host('c', { liveRuns: 8 })];
    expect(placeRun(hosts, NOW, avoiding('a'))).toEqual({ host: 'c' });
    expect(placeRun(hosts, NOW, avoiding('a', 'c'))).toEqual({ host: 'b' });
  });

  it('is taken where there is no other that could take the run', () => {
    const others = [host('b', { engineReady: false }), host('c', { ageMs: 60_001 })];
    expect(placeRun([host('a'), ...others], NOW, avoiding('a'))).toEqual({ host: 'a' });
    expect(placeRun([host('a')], NOW, avoiding('a'))).toEqual({ host: 'a' });
  });

  it('is left alone as long as another was ready just before', () => {
    expect(placeRun([host('a'), host('b', { ageMs: 60_000 })], NOW, avoiding('a'))).toEqual({
      none: 'host b has not reported for 60 s, and the run is to go elsewhere than before',
    });
  });

  it('with an engine goes before a local process elsewhere', () => {
    const engineAwaySince = new Date(NOW - 3_600_000).toISOString();
    const other = host('b', { engineReady: false, engineAwaySince, fallback: 'process' });
    expect(placeRun([host('a'), other], NOW, avoiding('a'))).toEqual({ host: 'a' });
  });
});

describe('a host that allows local processes', () => {
  const away = (forMs: number, facts: Partial<HostFacts> & { ageMs?: number } = {}): HostFacts => {
    const { ageMs = 1_000 } = facts;
    const engineAwaySince = new Date(NOW - ageMs - forMs).toISOString();
    return host('a', { engineReady: false, engineAwaySince, fallback: 'process', ...facts });
  };

  it('takes a run as one when its engine has been away for long enough, and says since when', () => {
    const engineAwaySince = new Date(NOW - 61_000).toISOString();
    expect(placeRun([away(60_000)], NOW, RUN)).toEqual({ host: 'a', asProcess: true, engineAwaySince });
  });

  it('waits until then, and says for what', () => {
    expect(placeRun([away(59_999)], NOW, RUN)).toEqual({
      none: 'host a has a Docker Engine that does not answer, and runs commands as local processes once that has lasted 1 min',
    });
  });

  it('gives way to any host whose engine answers', () => {
    expect(placeRun([away(3_600_000), host('b', { liveRuns: 9 })], NOW, RUN)).toEqual({ host: 'b' });
  });

  it('uses its engine as soon as that answers again', () => {
    expect(placeRun([host('a', { fallback: 'process' })], NOW, RUN)).toEqual({ host: 'a' });
  });

  it('takes none that has no command of its own, and says why', () => {
    expect(placeRun([away(60_000)], NOW, { hasCommand: false })).toEqual({
      none: 'host a has a Docker Engine that does not answer, and cannot run it as a local process, because the spec has no command and that of the image is not known',
    });
  });

  it('takes none while it has not reported just now', () => {
    expect(placeRun([away(60_000, { ageMs: 15_001 })], NOW, RUN)).toMatchObject({ none: expect.any(String) });
  });

  it('with the fewest live runs comes first', () => {
    const hosts = [away(60_000, { liveRuns: 1 }), away(60_000, { name: 'b' })];
    expect(placeRun(hosts, NOW, RUN)).toMatchObject({ host: 'b', asProcess: true });
  });

  it('is the only one that does: it is off by default', () => {
    expect(placeRun([away(3_600_000, { fallback: 'none' })], NOW, RUN)).toEqual({
      none: 'host a has a Docker Engine that does not answer',
    });
  });
});
