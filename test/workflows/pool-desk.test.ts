import { POOL_CORE_VERSION, type KeptPool } from '../../policy/pool/kept';
import { PoolDesk } from '../../workflows/pool-desk';
import { claim, host } from '../policy/pool/pools';

const NEWS = { version: '1', ended: [] };

/** A desk that begins anew, where people had cordoned a host with two GPUs. */
function begunAnew(): PoolDesk {
  const cordoned = { facts: host('a', { gpus: 2 }), intent: 'cordoned', gone: false } as const;
  const kept: Partial<KeptPool> = { core: POOL_CORE_VERSION, settings: {}, reservations: [], hosts: [cordoned] };
  return new PoolDesk({ name: 'default', kept });
}

const granted = (desk: PoolDesk): string[] =>
  desk.decide().flatMap((word) => (word.kind === 'grant' ? [word.lease.runId] : []));

it('a pool that was begun anew refuses nothing before it has heard of its hosts', () => {
  const desk = begunAnew();
  const asked = claim('one', { gpus: 4 });
  expect(desk.claim(asked)).toMatchObject({
    kind: 'queued',
    explanation: { cause: 'no-host', waitsFor: 'waits for a host: pool default has not heard of its hosts yet' },
  });
  expect(desk.decide()).toEqual([]);
  desk.learn({ ...NEWS, hosts: [host('a', { gpus: 2 }), host('b', { gpus: 4 })], runs: [] });
  expect(granted(desk)).toEqual(['one']);
  expect(desk.claim(claim('two', { gpus: 5 }))).toMatchObject({ kind: 'refused' });
});
