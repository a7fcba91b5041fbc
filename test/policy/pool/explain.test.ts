import { claim, gpusOf, host, HOUR, MINUTE, NOW, poolOf } from './pools';

const at = (ms: number): { submittedAt: string } => ({ submittedAt: new Date(NOW + ms).toISOString() });

it('names the host that is free first, who holds it, until when, and whose end is enough', () => {
  const pool = poolOf(host('a', { gpus: 4 }), host('b', { gpus: gpusOf('b', 2) }));
  pool.claim(claim('x', { gpus: 3, limitMs: 140 * MINUTE }), NOW);
  pool.claim(claim('y', { gpus: 2, limitMs: 3 * HOUR }), NOW);
  pool.claim(claim('z', { gpus: 2 }), NOW);
  expect(pool.explain('z', NOW)).toEqual({
    runId: 'z',
    place: 1,
    queued: 1,
    cause: 'capacity',
    waitsFor:
      'waits for 2 GPUs: host a has 1 of 4 GPUs free; run x holds 3 GPUs until 14:20 UTC at the latest; 1 other host has too little free as well',
    freedBy: 'the end of run x, by 14:20 UTC at the latest',
    estimatedStart: '2026-01-01T14:20:00.000Z',
  });
});

it('estimates the start of those behind as if every run before them took as long as it may', () => {
  const pool = poolOf(host('a', { cpus: 1 }));
  pool.claim(claim('running', { limitMs: HOUR }), NOW);
  pool.claim(claim('next', { limitMs: 2 * HOUR, ...at(1) }), NOW + 1);
  pool.claim(claim('after', { limitMs: HOUR, ...at(2) }), NOW + 2);
  expect(pool.view(NOW + 2).queue.map(({ estimatedStart }) => estimatedStart)).toEqual([
    '2026-01-01T13:00:00.000Z',
    '2026-01-01T15:00:00.000Z',
  ]);
});

it('says what is short where GPUs are not', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('x', { cpus: 7 }), NOW);
  pool.claim(claim('y', { cpus: 2, gpus: 1 }), NOW);
  expect(pool.explain('y', NOW)?.waitsFor).toBe(
    'waits for 1 GPU: host a has 1 of 8 CPUs free; run x holds 7 CPUs until 13:00 UTC at the latest',
  );
});

it('counts only the GPUs that would do, and names only those who hold some of them', () => {
  const gpus = [...gpusOf('h', 2, { model: 'NVIDIA H100' }), ...gpusOf('a', 2, { model: 'NVIDIA A100' })];
  const pool = poolOf(host('a', { gpus }));
  pool.claim(claim('small', { gpus: 1, gpuModel: 'A100', limitMs: MINUTE }), NOW);
  expect(pool.claim(claim('large', { gpus: 1, gpuModel: 'H100' }), NOW)).toMatchObject({
    lease: { because: 'host a: best fit, 2 of 2 GPUs of H100 were free' },
  });
  pool.claim(claim('next', { gpus: 2, gpuModel: 'H100' }), NOW);
  expect(pool.explain('next', NOW)?.waitsFor).toBe(
    'waits for 2 GPUs of H100: host a has 1 of 2 GPUs of H100 free; run large holds 1 GPU until 13:00 UTC at the latest',
  );
});

it('says that somebody gives way already', () => {
  const pool = poolOf(host('a', { gpus: 1 }));
  pool.claim(claim('x', { gpus: 1, preemptible: true, priority: 1 }), NOW);
  pool.claim(claim('y', { gpus: 1 }), NOW);
  pool.decide(NOW);
  expect(pool.explain('y', NOW)).toMatchObject({
    waitsFor: 'waits for 1 GPU: host a has 0 of 1 GPU free; run x holds 1 GPU and was asked to give way',
    estimatedStart: new Date(NOW).toISOString(),
  });
});

it.each([
  ['cordoned', host('a'), 'cordoned', 'host a is cordoned'],
  ['refuses', host('a', { refuses: 'has a disk that is 93 % full' }), 'none', 'host a has a disk that is 93 % full'],
] as const)('says what is wrong with hosts that could hold it: %s', (_, facts, intent, states) => {
  const pool = poolOf(facts);
  pool.changeHost('a', intent);
  pool.claim(claim('y'), NOW);
  expect(pool.explain('y', NOW)).toMatchObject({
    cause: 'no-host',
    waitsFor: `waits for a host with 1 CPU and 1 GiB of memory: ${states}`,
    freedBy: 'the return of host a, or another host',
    estimatedStart: null,
  });
});

it('keeps a run waiting whose host has shrunk or is gone, and says so', () => {
  const pool = poolOf(host('a', { gpus: 1 }));
  pool.claim(claim('x', { gpus: 1 }), NOW);
  pool.claim(claim('y', { gpus: 1 }), NOW);
  pool.hostsAre([host('b')], NOW);
  pool.release({ runId: 'x', claim: 1 }, NOW);
  expect(pool.decide(NOW)).toEqual([]);
  expect(pool.explain('y', NOW)).toMatchObject({
    cause: 'no-host',
    waitsFor:
      'waits for 1 GPU, 1 CPU and 1 GiB of memory, which the pool does not have: resources.gpus: no host has 1 GPU; the largest host, b, has 8 CPUs, 64 GiB of memory and no GPU',
  });
});

it('has nothing to say of a run that does not wait', () => {
  const pool = poolOf(host('a'));
  pool.claim(claim('x'), NOW);
  expect(pool.explain('x', NOW)).toBeNull();
  expect(pool.explain('nobody', NOW)).toBeNull();
});

it('shows the hosts, what is given out of them, and what each project has', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('x', { gpus: 1, cpus: 0.5, project: 'red' }), NOW);
  pool.claim(claim('y', { gpus: 2, project: 'red' }), NOW);
  expect(pool.view(NOW)).toMatchObject({
    hosts: [{ name: 'a', state: 'ready', intent: 'none', usedCpus: 0.5, usedGpuIds: ['GPU-a-0'], runs: ['x'] }],
    projects: [{ project: 'red', weight: 1, runs: 1, cpus: 0.5, gpus: 1, queued: 1 }],
    queued: 1,
  });
});
