import type { LeaseRequest, PoolHostFacts } from '../../../contract/pool';
import type { PoolCore } from '../../../policy/pool/core';
import { claim, GIB, gpu, gpusOf, host, NOW, poolOf } from './pools';

/** Hosts of the nodes of a lease, or why there is none. */
function place(pool: PoolCore, runId: string, wish: Partial<LeaseRequest>): string[] | string {
  const answer = pool.claim(claim(runId, wish), NOW);
  if (answer.kind === 'granted') return answer.lease.nodes.map((node) => node.host);
  return answer.kind === 'queued' ? answer.explanation.cause : 'refused';
}

function gpuIds(pool: PoolCore, runId: string): string[] {
  const lease = pool.view(NOW).leases.find((each) => each.runId === runId)!;
  return lease.nodes.flatMap((node) => node.gpuIds);
}

describe('a place that keeps big holes', () => {
  it('is on the host with the fewest free GPUs that has enough', () => {
    const pool = poolOf(host('a', { gpus: 8, cpus: 64 }), host('b', { gpus: 4 }), host('c', { gpus: 2 }));
    expect(place(pool, 'one', { gpus: 3 })).toEqual(['b']);
    expect(place(pool, 'two', { gpus: 1 })).toEqual(['b']);
    expect(place(pool, 'three', { gpus: 1 })).toEqual(['c']);
    expect(place(pool, 'four', { gpus: 8 })).toEqual(['a']);
  });

  it('is on a host without GPUs for a run without any, if there is room', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { cpus: 4 }));
    expect(place(pool, 'one', { cpus: 3 })).toEqual(['b']);
    expect(place(pool, 'two', { cpus: 3 })).toEqual(['a']);
  });

  it('takes the smallest GPUs that will do', () => {
    const small = gpusOf('b', 2, { model: 'NVIDIA T4', memoryBytes: 16 * GIB });
    const pool = poolOf(host('a', { gpus: 1 }), host('b', { gpus: small }));
    expect(place(pool, 'one', { gpus: 1 })).toEqual(['b']);
    expect(place(pool, 'two', { gpus: 1, gpuMemoryBytes: 17 * GIB })).toEqual(['a']);
  });

  it('fills a host before it begins another, and takes the first by name among equals', () => {
    const pool = poolOf(host('b'), host('a'));
    expect(place(pool, 'one', { cpus: 2 })).toEqual(['a']);
    expect(place(pool, 'two', { cpus: 2 })).toEqual(['a']);
    expect(place(pool, 'three', { cpus: 8 })).toEqual(['b']);
  });
});

describe('what a run asks of its host', () => {
  it('is its name, its labels, and the model and memory of its GPUs', () => {
    const a100 = gpusOf('b', 1, { model: 'NVIDIA A100-SXM4-40GB', memoryBytes: 40 * GIB });
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: a100, labels: { zone: 'x' } }), host('c'));
    expect(place(pool, 'named', { host: 'c' })).toEqual(['c']);
    expect(place(pool, 'labelled', { hostLabels: { zone: 'x' } })).toEqual(['b']);
    expect(place(pool, 'model', { gpus: 1, gpuModel: 'h100' })).toEqual(['a']);
    expect(place(pool, 'memory', { gpus: 1, gpuMemoryBytes: 41 * GIB })).toEqual(['a']);
    expect(place(pool, 'too-many', { gpus: 1, gpuModel: 'H100' })).toBe('capacity');
  });

  it('is never a GPU that is in trouble', () => {
    const gpus = [gpu('one', { trouble: 'not-freed' }), gpu('two', { index: 1 })];
    const pool = poolOf(host('a', { gpus }));
    expect(place(pool, 'run', { gpus: 1 })).toEqual(['a']);
    expect(gpuIds(pool, 'run')).toEqual(['two']);
    expect(place(pool, 'other', { gpus: 1 })).toBe('capacity');
    pool.hostsAre([host('a', { gpus: gpus.map((each) => ({ ...each, trouble: null })) })], NOW);
    expect(pool.decide(NOW)).toMatchObject([{ kind: 'grant', lease: { runId: 'other' } }]);
  });

  it('is not given twice where two engines of one machine report the same GPU', () => {
    const shared = [gpu('shared')];
    const pool = poolOf(host('a', { gpus: shared }), host('b', { gpus: shared }));
    expect(place(pool, 'one', { gpus: 1 })).toEqual(['a']);
    expect(place(pool, 'two', { gpus: 1 })).toBe('capacity');
    pool.release({ runId: 'one', claim: 1 }, NOW);
    expect(pool.decide(NOW)).toHaveLength(1);
  });

  it('is more CPUs than the host has where the pool gives them out more than once', () => {
    const pool = poolOf(host('a', { cpus: 4 }));
    pool.configure({ cpuOvercommit: 1.5 });
    expect(place(pool, 'one', { cpus: 4 })).toEqual(['a']);
    expect(place(pool, 'two', { cpus: 2 })).toEqual(['a']);
    expect(place(pool, 'three', { cpus: 0.1 })).toBe('capacity');
  });
});

describe('a gang', () => {
  it('takes all of its leases on one host if they fit there', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: 4 }));
    expect(place(pool, 'gang', { nodes: 2, gpus: 2 })).toEqual(['b', 'b']);
    expect(new Set(gpuIds(pool, 'gang')).size).toBe(4);
  });

  it('takes them on as few hosts as possible otherwise', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: 4 }), host('c', { gpus: 4 }));
    expect(place(pool, 'gang', { nodes: 4, gpus: 2 })).toEqual(['b', 'b', 'c', 'c']);
  });

  it('takes none where not all fit', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: 2 }));
    place(pool, 'one', { gpus: 1 });
    expect(place(pool, 'gang', { nodes: 4, gpus: 1 })).toBe('capacity');
    expect(pool.view(NOW).leases).toHaveLength(1);
  });
});

describe('a host to avoid', () => {
  it('is not taken while another could hold the run, though that one is full', () => {
    const pool = poolOf(host('a', { cpus: 4 }), host('b', { cpus: 4 }));
    place(pool, 'one', { cpus: 4, host: 'b' });
    expect(place(pool, 'two', { cpus: 4, avoid: ['a'] })).toBe('capacity');
  });

  it('is not taken while another is silent for a moment', () => {
    const pool = poolOf(host('a'), host('b', { contact: 'unreachable' }));
    expect(place(pool, 'one', { avoid: ['a'] })).toBe('avoided');
    expect(pool.explain('one', NOW)?.waitsFor).toBe(
      'waits for another host than a, where it ran before: host a is ready and host b is unreachable',
    );
  });

  it.each([
    ['is too small', host('b', { cpus: 0.5 })],
    ['is lost', host('b', { contact: 'lost' })],
    ['has an engine that does not answer', host('b', { refuses: 'has a Docker Engine that does not answer' })],
  ])('is taken where the only other %s', (_, other) => {
    expect(place(poolOf(host('a'), other), 'one', { avoid: ['a'] })).toEqual(['a']);
  });
});

describe('a local process', () => {
  const away = host('a', {
    refuses: 'has a Docker Engine that does not answer',
    processesSince: '2026-01-01T11:00:00.000Z',
  });

  const allowing = (...hosts: PoolHostFacts[]): PoolCore => {
    const pool = poolOf(...hosts);
    pool.configure({ fallback: 'process' });
    return pool;
  };

  it('is not started where only the host allows it: the pool has to as well, and the run says so', () => {
    const pool = poolOf(away);
    expect(pool.claim(claim('one'), NOW)).toMatchObject({
      kind: 'queued',
      explanation: {
        cause: 'no-host',
        waitsFor: expect.stringContaining('allows local processes, but pool default does not'),
      },
    });
    pool.configure({ fallback: 'process' });
    expect(pool.decide(NOW)).toMatchObject([{ lease: { runId: 'one', nodes: [{ host: 'a', asProcess: true }] } }]);
    pool.configure({ fallback: 'none' });
    expect(pool.claim(claim('two'), NOW)).toMatchObject({ kind: 'queued' });
  });

  it('is not started where only the pool allows it', () => {
    const pool = allowing({ ...away, processesSince: null });
    const { waitsFor } = (pool.claim(claim('one'), NOW) as { explanation: { waitsFor: string } }).explanation;
    expect(waitsFor).not.toContain('local process');
  });

  it('is started where no engine could hold the run, and says since when', () => {
    const pool = allowing(away);
    expect(pool.claim(claim('one'), NOW)).toMatchObject({
      kind: 'granted',
      lease: { nodes: [{ host: 'a', asProcess: true, engineAwaySince: '2026-01-01T11:00:00.000Z' }] },
    });
  });

  it('is not started for a run without a command of its own', () => {
    expect(place(allowing(away), 'one', { hasCommand: false })).toBe('no-host');
  });

  it('is not started while an engine could hold it, full or to be avoided', () => {
    const pool = allowing(away, host('b', { cpus: 1 }));
    expect(place(pool, 'one', { avoid: ['b'] })).toEqual(['b']);
    expect(place(pool, 'two', {})).toBe('capacity');
  });

  it('is started on a host that need not be avoided, if there is one', () => {
    const other = { ...away, name: 'b' };
    expect(place(allowing(away, other), 'one', { avoid: ['a'] })).toEqual(['b']);
    expect(place(allowing(away), 'one', { avoid: ['a'] })).toEqual(['a']);
  });
});

it.each([
  ['cordoned', host('a'), 'cordoned'],
  ['draining', host('a'), 'draining'],
  ['silent', host('a', { contact: 'unreachable' }), 'none'],
  ['full on its disk', host('a', { refuses: 'has a disk that is 93 % full' }), 'none'],
] as const)('gives nothing out of a host that is %s', (_, facts, intent) => {
  const pool = poolOf(facts);
  pool.changeHost('a', intent);
  expect(place(pool, 'one', {})).toBe('no-host');
});

it('keeps the leases of a host that is gone until they are given back, and then forgets it', () => {
  const pool = poolOf(host('a'));
  place(pool, 'one', {});
  pool.hostsAre([], NOW);
  expect(pool.view(NOW).hosts).toMatchObject([{ name: 'a', state: 'lost', runs: ['one'] }]);
  pool.release({ runId: 'one', claim: 1 }, NOW);
  expect(pool.view(NOW).hosts).toEqual([]);
});
