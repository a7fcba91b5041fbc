import { PoolStory } from '../../workflows/pool-story';
import { claim, host, NOW, poolOf } from '../policy/pool/pools';

it('counts one of a thing as one', () => {
  const pool = poolOf(host('a'));
  const told = (): string[] => new PoolStory('default').tell(pool, NOW).split('\n');
  pool.claim(claim('first', { cpus: 8 }), NOW);
  pool.claim(claim('second', { cpus: 8 }), NOW);
  expect(told()).toEqual([
    'Pool **default**: 1 host, 1 lease, 1 run waits.',
    '',
    '- host **a** is ready: 8 of 8 CPUs, 0 of 0 GPUs, 1 run',
    expect.stringMatching(/^1[.] `second` [(]priority 50[)]: waits for 8 CPUs/),
  ]);
  pool.claim(claim('third', { cpus: 8 }), NOW);
  expect(told()[0]).toBe('Pool **default**: 1 host, 1 lease, 2 runs wait.');
});
