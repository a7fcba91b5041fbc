import type { HostContainer } from '../../../contract/host';
import { adoptClaims } from '../../../policy/pool/adopt';
import { createPoolCore } from '../../../policy/pool/core';
import { holdsRoom } from '../../../policy/pool/loose-run';
import { claim, GIB, gpusOf, granted, host, NOW, poolOf } from './pools';

/** What a container holds: a CPU and 1 GiB, if not said otherwise. */
function container(runId: string, holds: Partial<HostContainer> = {}): HostContainer {
  return { runId, attempt: 1, epoch: 1, cpus: 1, memoryBytes: GIB, gpuIds: [], ...holds };
}

const left = (runId: string, holds: Partial<HostContainer> = {}) => ({ unleased: [container(runId, holds)] });

describe('what a container holds whose run has no lease', () => {
  it.each([
    ['GPUs', { gpuIds: ['GPU-a-0', 'GPU-a-1'] }, { gpus: 1 }],
    ['CPUs', { cpus: 7.5 }, { cpus: 1 }],
    ['memory', { memoryBytes: 63.5 * GIB }, {}],
  ])('is given to nobody until it is gone: %s', (_, holds, wish) => {
    const facts = { gpus: 2 };
    const pool = poolOf(host('a', { ...facts, ...left('x', holds) }));
    expect(pool.claim(claim('y', wish), NOW).kind).toBe('queued');
    expect(granted(pool)).toEqual([]);
    pool.hostsAre([host('a', facts)], NOW);
    expect(granted(pool)).toEqual(['y']);
  });

  it('leaves the rest of its host to others', () => {
    const pool = poolOf(host('a', { gpus: 2, ...left('x', { gpuIds: ['GPU-a-0'], cpus: 7 }) }));
    expect(pool.claim(claim('y', { gpus: 1 }), NOW)).toMatchObject({
      kind: 'granted',
      lease: { nodes: [{ host: 'a', gpuIds: ['GPU-a-1'] }] },
    });
    expect(pool.claim(claim('z'), NOW).kind).toBe('queued');
  });

  it('is held on every host that reports the same GPU', () => {
    const gpus = gpusOf('machine', 1);
    const pool = poolOf(host('a', { gpus, ...left('x', { gpuIds: ['GPU-machine-0'] }) }), host('b', { gpus }));
    expect(pool.claim(claim('y', { gpus: 1 }), NOW).kind).toBe('queued');
    pool.hostsAre([host('a', { gpus }), host('b', { gpus })], NOW);
    expect(granted(pool)).toEqual(['y']);
  });

  it('counts once while its run has a lease there, and again when that is over before it is gone', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    pool.claim(claim('x', { gpus: 1 }), NOW);
    pool.hostsAre([host('a', { gpus: 2, ...left('x', { gpuIds: ['GPU-a-0'] }) })], NOW);
    expect(pool.view(NOW).hosts).toMatchObject([
      { usedCpus: 1, usedMemoryBytes: GIB, usedGpuIds: ['GPU-a-0'], unleased: [] },
    ]);
    expect(pool.claim(claim('y', { gpus: 1 }), NOW).kind).toBe('granted');
    pool.claim(claim('z', { gpus: 1 }), NOW);

    pool.release({ runId: 'x', claim: 1 }, NOW);
    expect(granted(pool)).toEqual([]);
    expect(pool.view(NOW).hosts).toMatchObject([
      { usedCpus: 2, usedGpuIds: ['GPU-a-1', 'GPU-a-0'], runs: ['y'], unleased: [{ runId: 'x' }] },
    ]);
    pool.hostsAre([host('a', { gpus: 2 })], NOW);
    expect(granted(pool)).toEqual(['z']);
  });

  it('counts where it is although its run has a lease elsewhere', () => {
    const pool = poolOf(host('a', { cpus: 1, ...left('x') }), host('b', { cpus: 1 }));
    expect(pool.claim(claim('x', {}, 2), NOW)).toMatchObject({ kind: 'granted', lease: { nodes: [{ host: 'b' }] } });
    expect(pool.claim(claim('y'), NOW).kind).toBe('queued');
  });

  it('of a node of a gang counts once beside the lease of the gang', () => {
    const pool = poolOf(host('a', { cpus: 3 }));
    pool.claim(claim('g', { nodes: 2 }), NOW);
    pool.hostsAre([host('a', { cpus: 3, unleased: [container('g'), container('g.e1.n1')] })], NOW);
    expect(pool.claim(claim('y'), NOW).kind).toBe('granted');
    pool.release({ runId: 'g', claim: 1 }, NOW);
    expect(pool.view(NOW).hosts).toMatchObject([{ usedCpus: 3, unleased: [{ runId: 'g' }, { runId: 'g.e1.n1' }] }]);
  });

  it('is taken over by the lease of its run when a pool that was begun anew adopts that', () => {
    const before = poolOf(host('a', { gpus: 1 }));
    const asked = claim('x', { gpus: 1 });
    const answer = before.claim(asked, NOW);
    if (answer.kind !== 'granted') throw new Error('there is room for it');
    const anew = poolOf(host('a', { gpus: 1, ...left('x', { gpuIds: ['GPU-a-0'] }) }));
    const standing = { claim: { ...asked, pool: 'default' }, lease: answer.lease };
    const pool = createPoolCore('default', adoptClaims(anew.state(), [standing]));
    expect(pool.view(NOW).hosts).toMatchObject([{ usedCpus: 1, usedGpuIds: ['GPU-a-0'], runs: ['x'], unleased: [] }]);
  });

  it('is still held in a pool that goes on from its state', () => {
    const pool = poolOf(host('a', { cpus: 1, ...left('x') }));
    const twin = createPoolCore('default', pool.state());
    expect(twin.claim(claim('y'), NOW).kind).toBe('queued');
    expect(twin.view(NOW)).toEqual({
      ...pool.view(NOW),
      queue: twin.view(NOW).queue,
      queued: 1,
      projects: expect.anything(),
    });
  });

  it('keeps the first that waits from being promised what nobody knows the end of, and others pass it', () => {
    const pool = poolOf(host('a', { cpus: 4, ...left('x', { cpus: 3 }) }));
    pool.claim(claim('large', { cpus: 2 }), NOW);
    expect(pool.explain('large', NOW)?.estimatedStart).toBeNull();
    expect(pool.claim(claim('small'), NOW).kind).toBe('queued');
    expect(granted(pool)).toEqual(['small']);
  });

  it('is named to a run that waits for it, with what would free it', () => {
    const pool = poolOf(host('a', { gpus: 2, ...left('x', { gpuIds: ['GPU-a-0'] }) }), host('b', { gpus: 1 }));
    pool.claim(claim('z', { gpus: 1, host: 'a' }), NOW);
    pool.claim(claim('y', { gpus: 2 }), NOW);
    expect(pool.explain('y', NOW)).toMatchObject({
      cause: 'capacity',
      waitsFor:
        'waits for 2 GPUs: host a has 0 of 2 GPUs free; the container of run x holds 1 GPU without a lease and run z holds 1 GPU until 13:00 UTC at the latest',
      freedBy: 'the end of the container of run x on host a, or another host',
    });
  });
});

describe('a container whose run is not among the holders', () => {
  const lease = { claim: 1 } as never;
  const claimed = { claim: 1 } as never;
  it.each([
    [
      'holds its room where the workflow of its run was terminated',
      { state: 'ended', endedAtMs: NOW, isBrokenOff: true },
      true,
    ],
    ['is a word from before where its run has just ended in order', { state: 'ended', endedAtMs: NOW - 5_000 }, false],
    ['holds its room where its run ended in order long before', { state: 'ended', endedAtMs: NOW - 10_000 }, true],
    ['holds its room where nobody knows its run', { state: 'unknown' }, true],
    ['holds its room where its run answers nobody', { state: 'live', lease: 'mute' }, true],
    [
      'holds its room where its run says that it has a lease',
      { state: 'live', lease: { claim: claimed, lease } },
      true,
    ],
    [
      'is a word from before where its run says that it waits',
      { state: 'live', lease: { claim: claimed, lease: null } },
      false,
    ],
    ['is a word from before where its run says that it holds nothing', { state: 'live', lease: null }, false],
  ] as const)('%s', (_, run, expected) => {
    expect(holdsRoom(run, NOW)).toBe(expected);
  });
});
