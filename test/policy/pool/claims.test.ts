import { createPoolCore } from '../../../policy/pool/core';
import { claim, granted, host, NOW, poolOf } from './pools';

it('grants at once what fits, whole', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  expect(pool.claim(claim('one', { gpus: 2, cpus: 4 }), NOW)).toEqual({
    kind: 'granted',
    lease: {
      runId: 'one',
      claim: 1,
      attempt: 1,
      nodes: [{ host: 'a', cpus: 4, memoryBytes: 1024 ** 3, gpuIds: ['GPU-a-0', 'GPU-a-1'] }],
      grantedAt: '2026-01-01T12:00:00.000Z',
      because: 'host a: best fit, 2 of 2 GPUs were free',
    },
  });
});

it('queues what does not fit now, and grants it once something ends', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('one', { gpus: 2 }), NOW);
  expect(pool.claim(claim('two', { gpus: 1 }), NOW)).toMatchObject({
    kind: 'queued',
    explanation: { place: 1, queued: 1, cause: 'capacity' },
  });
  expect(granted(pool)).toEqual([]);
  pool.release({ runId: 'one', claim: 1 }, NOW);
  expect(granted(pool)).toEqual(['two']);
});

it('gives the same claim the same answer', () => {
  const pool = poolOf(host('a', { gpus: 1 }));
  const first = pool.claim(claim('one', { gpus: 1 }), NOW);
  expect(pool.claim(claim('one', { gpus: 1 }), NOW + 1_000)).toEqual(first);
});

it('replaces the lease of an older claim, and says of that one that it is over', () => {
  const pool = poolOf(host('a', { gpus: 1 }));
  pool.claim(claim('one', { gpus: 1 }), NOW);
  expect(pool.claim(claim('one', { gpus: 1 }, 2), NOW)).toMatchObject({ kind: 'granted', lease: { claim: 2 } });
  expect(pool.claim(claim('one', { gpus: 1 }, 1), NOW)).toMatchObject({ kind: 'refused' });
  pool.release({ runId: 'one', claim: 1 }, NOW);
  expect(pool.holders()).toEqual(['one']);
});

it('lets nobody who comes later pass one that waits for the same', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('one', { gpus: 2 }), NOW);
  pool.claim(claim('two', { gpus: 2 }), NOW);
  pool.release({ runId: 'one', claim: 1 }, NOW);
  expect(pool.claim(claim('three', { gpus: 2, submittedAt: '2026-01-01T12:00:01.000Z' }), NOW)).toMatchObject({
    kind: 'queued',
  });
  expect(granted(pool)).toEqual(['two']);
});

it('goes on from its state as JSON', () => {
  const pool = poolOf(host('a', { gpus: 2 }), host('b'));
  pool.claim(claim('one', { gpus: 2 }), NOW);
  pool.claim(claim('two', { gpus: 2 }), NOW);
  const again = createPoolCore('default', JSON.parse(JSON.stringify(pool.state())));
  expect(again.view(NOW)).toEqual(pool.view(NOW));
  for (const core of [pool, again]) core.release({ runId: 'one', claim: 1 }, NOW);
  expect(again.decide(NOW)).toEqual(pool.decide(NOW));
  expect(again.state()).toEqual(pool.state());
});

it.each([
  [
    { cpus: 9 },
    'resources.cpus: no host has 9 CPUs; the largest host, a, has 8 CPUs, 64 GiB of memory and 2 GPUs (NVIDIA H100 80GB HBM3)',
  ],
  [{ memoryBytes: 65 * 1024 ** 3 }, 'resources.memory: no host has 65 GiB; the largest host, a,'],
  [{ gpus: 3 }, 'resources.gpus: no host has 3 GPUs; the largest host, a,'],
  [{ gpus: 1, gpuModel: 'b200' }, 'resources.gpuModel: no host of the pool has a GPU of b200; the largest'],
  [
    { gpus: 1, cpus: 8, gpuMemoryBytes: 81 * 1024 ** 3 },
    'resources.gpuMemory: no host of the pool has a GPU with 81 GiB; the largest',
  ],
  [{ host: 'c' }, 'placement.host: pool default has no host c; it has a, b'],
  [{ hostLabels: { zone: 'x' } }, 'placement.labels: no host of pool default has zone=x; hosts of the pool: a, b'],
  [{ nodes: 3, gpus: 2 }, 'nodes: 3 is more than pool default could ever hold of such nodes, which is 1'],
])('refuses what no host could ever hold: %j', (wish, why) => {
  const pool = poolOf(host('a', { gpus: 2, contact: 'unreachable' }), host('b', { cpus: 4 }));
  const answer = pool.claim(claim('one', wish), NOW);
  expect(answer).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
});

it.each([
  [
    { gpus: 8 },
    'waits for 8 GPUs, 1 CPU and 1 GiB of memory, which the pool does not have: resources.gpus: no host has 8 GPUs; the largest host, a,',
  ],
  [
    { hostLabels: { rack: 'r12' } },
    'waits for 1 CPU and 1 GiB of memory, which the pool does not have: placement.labels: no host of pool default has rack=r12; hosts of the pool: a',
  ],
  [{ nodes: 2, gpus: 7 }, 'which the pool does not have: nodes: 2 is more than pool default could ever hold'],
])('keeps a run that was accepted waiting with what no host has by now, also with a later claim: %j', (wish, why) => {
  const pool = poolOf(host('a', { gpus: 7 }));
  expect(pool.claim(claim('one', wish, 2), NOW)).toMatchObject({
    kind: 'queued',
    explanation: { cause: 'no-host', waitsFor: expect.stringContaining(why), freedBy: 'a host that has it' },
  });
  pool.hostsAre([host('a', { gpus: 8, labels: { rack: 'r12' } }), host('b', { gpus: 8 })], NOW);
  expect(granted(pool)).toEqual(['one']);
});

it('refuses nothing as long as nobody knows what the engine of a host has', () => {
  const pool = poolOf(
    host('a'),
    host('b', { cpus: 0, memoryBytes: 0, refuses: 'has a Docker Engine that does not answer' }),
  );
  expect(pool.claim(claim('one', { cpus: 9 }), NOW)).toMatchObject({
    kind: 'queued',
    explanation: { cause: 'no-host' },
  });
});

it('waits where the pool knows no host yet', () => {
  const pool = createPoolCore('default');
  expect(pool.claim(claim('one', { gpus: 99 }), NOW)).toMatchObject({
    kind: 'queued',
    explanation: { cause: 'no-host' },
  });
  pool.hostsAre([host('a')], NOW);
  expect(granted(pool)).toEqual([]);
  expect(pool.explain('one', NOW)).toMatchObject({ cause: 'no-host' });
});
