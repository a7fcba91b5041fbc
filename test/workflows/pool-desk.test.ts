import type { LeaseStanding } from '../../contract/pool-messages';
import { POOL_CORE_VERSION, type KeptPool } from '../../policy/pool/kept';
import { PoolDesk } from '../../workflows/pool-desk';
import { claim, host, HOUR, poolOf } from '../policy/pool/pools';

const NEWS = { version: '1', ended: [] };

/** A desk that begins anew, where people had cordoned a host with two GPUs. */
function begunAnew(): PoolDesk {
  const cordoned = { facts: host('a', { gpus: 2 }), intent: 'cordoned', gone: false } as const;
  const kept: Partial<KeptPool> = { core: POOL_CORE_VERSION, settings: {}, reservations: [], hosts: [cordoned] };
  return new PoolDesk({ name: 'default', kept });
}

const granted = (desk: PoolDesk): string[] =>
  desk.decide().flatMap((word) => (word.kind === 'grant' ? [word.lease.runId] : []));

function waits(asked: ReturnType<typeof claim>): LeaseStanding {
  return { claim: { ...asked, pool: 'default' }, lease: null };
}

/** By the word of its run, of a pool whose host `b` was empty before it. */
function holds(asked: ReturnType<typeof claim>): LeaseStanding {
  const answer = poolOf(host('b', { gpus: 8 })).claim(asked, Date.now());
  if (answer.kind !== 'granted') throw new Error('there is room for it');
  return { claim: { ...asked, pool: 'default' }, lease: answer.lease };
}

const now = (): { submittedAt: string } => ({ submittedAt: new Date().toISOString() });

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

it('a pool that was begun anew keeps runs waiting that the one before had accepted, although no host could hold them now', () => {
  const desk = begunAnew();
  const asked = claim('one', { gpus: 4 });
  desk.learn({ ...NEWS, hosts: [host('a', { gpus: 2 })], runs: [waits(asked)] });
  expect(granted(desk)).toEqual([]);
  expect(desk.claim(asked)).toMatchObject({ kind: 'queued', explanation: { cause: 'no-host', place: 1 } });
});

it.each([[['small', 'large']], [['large', 'small']]])(
  'a pool that was begun anew knows of all that wait before it gives anything, in whatever order they are listed: %j',
  (listed) => {
    const desk = begunAnew();
    const waiting: Record<string, LeaseStanding> = {
      large: waits(claim('large', { gpus: 8, priority: 90, ...now() })),
      small: waits(claim('small', { gpus: 1, priority: 10, limitMs: 12 * HOUR, ...now() })),
    };
    const holder = holds(claim('holder', { gpus: 4, ...now() }));
    const runs = [...listed.map((name) => waiting[name]!), holder];
    desk.learn({ ...NEWS, hosts: [host('a', { gpus: 2 }), host('b', { gpus: 8 })], runs });
    expect(granted(desk)).toEqual([]);
    desk.release({ runId: 'holder', claim: 1 });
    expect(granted(desk)).toEqual(['large']);
  },
);

it('a pool that was begun anew makes preemptible runs give way again for the first that waits', () => {
  const desk = begunAnew();
  const weak = holds(claim('weak', { gpus: 4, priority: 10, preemptible: true, ...now() }));
  const strong = waits(claim('strong', { gpus: 8, priority: 90, ...now() }));
  const small = waits(claim('small', { gpus: 1, priority: 20, ...now() }));
  desk.learn({ ...NEWS, hosts: [host('b', { gpus: 8 })], runs: [small, weak, strong] });
  expect(desk.decide()).toMatchObject([{ kind: 'preempt', runId: 'weak', claim: 1 }]);
  expect(granted(desk)).toEqual([]);
});
