import type { LeaseRequest, Reservation } from '../../../contract/pool';
import { createPoolCore, type PoolCore } from '../../../policy/pool/core';
import { claim, gpusOf, granted, host, HOUR, MINUTE, NOW, poolOf } from './pools';

const low = (wish: Partial<LeaseRequest> = {}): Partial<LeaseRequest> => ({
  priority: 10,
  preemptible: true,
  gpus: 1,
  ...wish,
});

/** Ids of the runs that are asked to give way. */
function asked(pool: PoolCore, nowMs = NOW): string[] {
  return pool.decide(nowMs).flatMap((decision) => (decision.kind === 'preempt' ? [decision.runId] : []));
}

describe('a run of higher priority', () => {
  it('makes a preemptible one give way, and is told so once', () => {
    const pool = poolOf(host('a', { gpus: 1 }));
    pool.claim(claim('victim', low()), NOW);
    pool.claim(claim('urgent', { gpus: 1, priority: 90 }), NOW);
    expect(pool.decide(NOW)).toEqual([
      { kind: 'preempt', runId: 'victim', claim: 1, because: 'run urgent of priority 90 needs its GPUs' },
    ]);
    expect(pool.decide(NOW + MINUTE)).toEqual([]);
    pool.release({ runId: 'victim', claim: 1 }, NOW + MINUTE);
    expect(granted(pool, NOW + MINUTE)).toEqual(['urgent']);
  });

  it.each([
    ['is not preemptible', { preemptible: false }, {}],
    ['has the same priority', { priority: 90 }, {}],
    ['is in a pool without preemption', {}, { preemption: false }],
  ])('leaves one alone that %s', (_, wish, settings) => {
    const pool = poolOf(host('a', { gpus: 1 }));
    pool.configure(settings);
    pool.claim(claim('other', low(wish)), NOW);
    pool.claim(claim('urgent', { gpus: 1, priority: 90 }), NOW);
    expect(asked(pool)).toEqual([]);
  });

  it('is of higher priority by itself, and not by waiting long', () => {
    const pool = poolOf(host('a', { gpus: 1 }));
    pool.claim(claim('other', low()), NOW);
    pool.claim(claim('old', { gpus: 1, priority: 10, submittedAt: '2025-01-01T00:00:00.000Z' }), NOW);
    expect(asked(pool)).toEqual([]);
  });

  it('asks the fewest, then those of the lowest priority, then the youngest', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: 2 }), host('c', { gpus: 2 }));
    pool.claim(claim('a-1', low({ host: 'a' })), NOW);
    pool.claim(claim('a-2', low({ host: 'a' })), NOW);
    pool.claim(claim('b-old', low({ host: 'b', gpus: 2, priority: 5 })), NOW);
    pool.claim(claim('c-young', low({ host: 'c', gpus: 2, priority: 5 })), NOW + 1);
    pool.claim(claim('urgent', { gpus: 2, priority: 90 }), NOW + 2);
    expect(asked(pool, NOW + 2)).toEqual(['c-young']);
  });

  it('asks nobody where it would not fit even then', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    pool.claim(claim('stays', { gpus: 1 }), NOW);
    pool.claim(claim('victim', low()), NOW);
    pool.claim(claim('urgent', { gpus: 2, priority: 90 }), NOW);
    expect(asked(pool)).toEqual([]);
  });

  it('asks those of the first host by name among equals, whichever was filled first', () => {
    const pool = poolOf(host('a', { gpus: 1 }), host('b', { gpus: 1 }));
    for (const name of ['b', 'a']) pool.claim(claim(`on-${name}`, low({ host: name })), NOW);
    pool.claim(claim('urgent', { gpus: 1, priority: 90 }), NOW);
    expect(asked(pool)).toEqual(['on-a']);
  });

  it('asks none of its own priority to go together with one that is lower', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    pool.claim(claim('equal', low({ priority: 90 })), NOW);
    pool.claim(claim('lower', low()), NOW);
    pool.claim(claim('urgent', { gpus: 2, priority: 90 }), NOW);
    expect(asked(pool)).toEqual([]);
  });

  it('makes room for a gang on several hosts', () => {
    const pool = poolOf(host('a', { gpus: 1 }), host('b', { gpus: 1 }), host('c', { gpus: 1 }));
    for (const name of ['a', 'b']) pool.claim(claim(`on-${name}`, low({ host: name })), NOW);
    pool.claim(claim('stays', { gpus: 1 }), NOW);
    pool.claim(claim('gang', { gpus: 1, nodes: 2, priority: 90 }), NOW);
    expect(asked(pool).toSorted()).toEqual(['on-a', 'on-b']);
  });

  it('keeps what the first of its victims leaves until the last has left, also from one that has aged', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    pool.claim(claim('v-1', low()), NOW);
    pool.claim(claim('v-2', low()), NOW);
    pool.claim(claim('urgent', { gpus: 2, priority: 60 }), NOW);
    expect(asked(pool)).toEqual(['v-2', 'v-1'].toSorted());
    pool.release({ runId: 'v-1', claim: 1 }, NOW + MINUTE);
    const old = { ...low(), limitMs: 1, submittedAt: '2025-01-01T00:00:00.000Z' };
    expect(pool.claim(claim('v-1', old, 2), NOW + MINUTE)).toMatchObject({ kind: 'queued', explanation: { place: 1 } });
    expect(granted(pool, NOW + MINUTE)).toEqual([]);
    expect(pool.explain('v-1', NOW + MINUTE)?.waitsFor).toBe(
      'waits because the free place on host a is kept for run urgent of priority 60, for which others give way',
    );
    pool.release({ runId: 'v-2', claim: 1 }, NOW + 2 * MINUTE);
    expect(granted(pool, NOW + 2 * MINUTE)).toEqual(['urgent']);
  });

  it('is one of several, for each of which somebody gives way', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    for (const name of ['v-1', 'v-2']) pool.claim(claim(name, low()), NOW);
    for (const name of ['u-1', 'u-2']) pool.claim(claim(name, { gpus: 1, priority: 90 }), NOW);
    expect(asked(pool).toSorted()).toEqual(['v-1', 'v-2']);
  });
});

it('asks the preemptible runs of a host that is drained to go, and leaves the others', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('movable', low()), NOW);
  pool.claim(claim('fixed', { gpus: 1 }), NOW);
  pool.changeHost('a', 'draining');
  expect(pool.decide(NOW)).toEqual([{ kind: 'preempt', runId: 'movable', claim: 1, because: 'host a is drained' }]);
  expect(pool.decide(NOW)).toEqual([]);
});

describe('a reservation', () => {
  const reservation = (wish: Partial<Reservation> & { inMs?: number; forMs?: number } = {}): Reservation => {
    const { inMs = 0, forMs = HOUR, ...more } = wish;
    const from = new Date(NOW + inMs).toISOString();
    const until = new Date(NOW + inMs + forMs).toISOString();
    return { id: 'r1', project: 'red', gpus: 2, gpuModel: null, from, until, by: 'ann', ...more };
  };

  it('keeps GPUs for a project and from all others while it lasts', () => {
    const pool = poolOf(host('a', { gpus: 4 }));
    expect(pool.reserve(reservation(), NOW)).toBeNull();
    pool.claim(claim('green-1', { gpus: 2, project: 'green' }), NOW);
    expect(pool.claim(claim('green-2', { gpus: 1, project: 'green' }), NOW)).toMatchObject({
      kind: 'queued',
      explanation: {
        cause: 'reserved',
        waitsFor: 'waits because 2 GPUs are reserved for project red from 12:00 UTC until 13:00 UTC',
      },
    });
    expect(granted(pool)).toEqual([]);
    pool.claim(claim('red-1', { gpus: 2, project: 'red', priority: 0 }), NOW);
    expect(granted(pool)).toEqual(['red-1']);
    pool.release({ runId: 'red-1', claim: 1 }, NOW + MINUTE);
    expect(granted(pool, NOW + MINUTE)).toEqual([]);
    expect(granted(pool, NOW + HOUR)).toEqual(['green-2']);
    expect(pool.view(NOW + HOUR).reservations).toEqual([]);
  });

  it.each([
    ['nobody', 'where it would be kept out when they have left', 2, []],
    ['them', 'where it would not', 1, ['of-red']],
  ])('lets %s who hold its GPUs give way to a run of another project %s', (_, __, gpus, victims) => {
    const pool = poolOf(host('a', { gpus: 4 }));
    pool.reserve(reservation({ gpus: 3 }), NOW);
    pool.claim(claim('of-red', low({ gpus: 4, project: 'red' })), NOW);
    pool.claim(claim('urgent', { gpus, project: 'blue', priority: 90 }), NOW);
    expect(asked(pool)).toEqual(victims);
  });

  it('is of one model only, where it names one', () => {
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: gpusOf('b', 2, { model: 'NVIDIA T4' }) }));
    pool.reserve(reservation({ gpuModel: 'H100' }), NOW);
    expect(pool.claim(claim('green', { gpus: 2, project: 'green' }), NOW)).toMatchObject({
      kind: 'granted',
      lease: { nodes: [{ host: 'b' }] },
    });
  });

  it('of any GPU is no right to those of a model that another project has reserved', () => {
    const t4s = gpusOf('b', 2, { model: 'NVIDIA T4' });
    const pool = poolOf(host('a', { gpus: 2 }), host('b', { gpus: t4s }));
    pool.reserve(reservation({ gpuModel: 'H100' }), NOW);
    pool.reserve(reservation({ id: 'r2', project: 'blue' }), NOW);
    expect(pool.claim(claim('blue-1', { gpus: 2, project: 'blue', avoid: ['b'] }), NOW)).toMatchObject({
      explanation: { cause: 'reserved' },
    });
    pool.claim(claim('blue-2', { gpus: 2, project: 'blue' }), NOW);
    pool.claim(claim('red', { gpus: 2, project: 'red' }), NOW);
    expect(granted(pool)).toEqual(['blue-2', 'red']);
  });

  it('lets each take its own where a host was lost and there is too little for all', () => {
    const hosts = [host('a', { gpus: 2 }), host('b', { gpus: 2 })];
    const pool = poolOf(...hosts);
    pool.reserve(reservation(), NOW);
    pool.reserve(reservation({ id: 'r2', project: 'blue' }), NOW);
    pool.hostsAre([hosts[0]!, { ...hosts[1]!, contact: 'lost' }], NOW);
    for (const project of ['green', 'blue', 'red']) pool.claim(claim(`of-${project}`, { gpus: 1, project }), NOW);
    pool.decide(NOW);
    expect(pool.view(NOW).leases.map(({ runId }) => runId)).toEqual(['of-blue', 'of-red']);
  });

  it('keeps out, before it begins, who would still be there then, and lets a preemptible one in', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    pool.reserve(reservation({ inMs: 30 * MINUTE }), NOW);
    expect(pool.claim(claim('long', { gpus: 1 }), NOW)).toMatchObject({
      kind: 'queued',
      explanation: { cause: 'reserved' },
    });
    pool.claim(claim('short', { gpus: 1, limitMs: 20 * MINUTE }), NOW);
    pool.claim(claim('movable', low()), NOW);
    expect(granted(pool)).toEqual(['short', 'movable']);
    pool.release({ runId: 'short', claim: 1 }, NOW + 20 * MINUTE);
    expect(asked(pool, NOW + 29 * MINUTE)).toEqual([]);
    expect(pool.decide(NOW + 30 * MINUTE)).toEqual([
      { kind: 'preempt', runId: 'movable', claim: 1, because: 'its GPUs are reserved for project red until 13:30 UTC' },
    ]);
  });

  it.each([
    [{ gpus: 5 }, 'gpus: 5 is more than can be reserved: pool default has 4 GPUs'],
    [{ gpus: 3, inMs: 30 * MINUTE }, 'pool default has 4 GPUs, of which 2 are reserved at 12:30 UTC'],
    [{ gpus: 1, gpuModel: 'T4' }, 'pool default has 0 GPUs of T4'],
    [{ forMs: 0 }, 'until: 2026-01-01T12:00:00.000Z is not after from'],
    [{ inMs: -2 * HOUR }, 'until: 2026-01-01T11:00:00.000Z is over already'],
    [{ gpus: 0 }, 'gpus: 0 is no whole number of at least 1'],
    [{ id: 'r1', gpus: 1 }, 'id: there is a reservation r1 already, for project red'],
  ])('is refused where it cannot be kept: %j', (wish, fault) => {
    const pool = poolOf(host('a', { gpus: 4 }));
    pool.reserve(reservation(), NOW);
    expect(pool.reserve(reservation({ id: 'r2', ...wish }), NOW)).toContain(fault);
    expect(pool.view(NOW).reservations).toHaveLength(1);
  });

  it.each([
    ['is silent for a moment', { contact: 'unreachable' }, null],
    ['refuses runs', { refuses: 'has a disk that is 93 % full' }, null],
    [
      'is lost',
      { contact: 'lost' },
      'gpus: 3 is more than can be reserved: pool default has 2 GPUs; hosts that are cordoned or silent just now count, not host b, which is lost',
    ],
  ] as const)('counts a host that %s as one that may be back by then, or says that it does not', (_, facts, fault) => {
    const hosts = [host('a', { gpus: 2 }), host('b', { gpus: 2 })];
    const pool = poolOf(...hosts);
    pool.hostsAre([hosts[0]!, { ...hosts[1]!, ...facts }], NOW);
    expect(pool.reserve(reservation({ gpus: 3, inMs: 7 * 24 * HOUR }), NOW)).toBe(fault);
  });

  it('counts no GPU twice that two engines of one machine report, nor those of a host that has left the pool', () => {
    const gpus = gpusOf('a', 2);
    const pool = poolOf(host('a', { gpus }), host('twin', { gpus }), host('left', { gpus: 2 }));
    pool.claim(claim('stays', { gpus: 2, host: 'left' }), NOW);
    pool.hostsAre([host('a', { gpus }), host('twin', { gpus })], NOW);
    expect(pool.reserve(reservation({ gpus: 3 }), NOW)).toContain('pool default has 2 GPUs');
    expect(pool.reserve(reservation({ gpus: 2 }), NOW)).toBeNull();
  });

  it('is looked at again when it begins and when it ends, whatever else happens', () => {
    const pool = poolOf(host('a', { gpus: 4 }));
    expect(pool.nextLookAt(NOW)).toBeNull();
    pool.reserve(reservation({ inMs: HOUR }), NOW);
    expect(pool.nextLookAt(NOW)).toBe(NOW + HOUR);
    expect(pool.nextLookAt(NOW + HOUR)).toBe(NOW + 2 * HOUR);
    pool.claim(claim('big', { cpus: 8 }), NOW);
    pool.claim(claim('waits', { cpus: 8 }), NOW);
    expect(pool.nextLookAt(NOW)).toBe(NOW + 10 * MINUTE);
  });

  it('may follow another, is made only once, and can be given up', () => {
    const pool = poolOf(host('a', { gpus: 2 }));
    expect(pool.reserve(reservation(), NOW)).toBeNull();
    expect(pool.reserve(reservation(), NOW)).toBeNull();
    expect(pool.reserve(reservation({ id: 'r2', inMs: HOUR }), NOW)).toBeNull();
    expect(pool.unreserve('r1')).toBe(true);
    expect(pool.unreserve('r1')).toBe(false);
    expect(createPoolCore('default', pool.state()).view(NOW).reservations).toMatchObject([{ id: 'r2' }]);
  });
});

it('promises its place to a gang for which there is too little, although others give way for the run before it', () => {
  const pool = poolOf(host('a'), host('b'));
  pool.claim(claim('weak', { cpus: 8, preemptible: true, priority: 0, host: 'a' }), NOW);
  pool.claim(claim('half', { cpus: 4, limitMs: HOUR, host: 'b' }), NOW);
  pool.claim(claim('strong', { cpus: 8, priority: 90, host: 'a', limitMs: 9 * HOUR }), NOW);
  pool.claim(claim('gang', { nodes: 2, cpus: 4, priority: 60 }), NOW);
  pool.claim(claim('next', { cpus: 8, priority: 50, host: 'a' }), NOW);
  pool.claim(claim('long', { cpus: 4, priority: 40, limitMs: 5 * HOUR }), NOW);
  expect(pool.decide(NOW)).toMatchObject([{ kind: 'preempt', runId: 'weak' }]);
  expect(pool.explain('long', NOW)).toMatchObject({ cause: 'behind', waitsFor: expect.stringContaining('run gang') });
});
