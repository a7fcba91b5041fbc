import * as fc from 'fast-check';

import type { LeaseRequest } from '../../../contract/pool';
import { createPoolCore, type PoolCore } from '../../../policy/pool/core';
import { claim, granted, host, HOUR, MINUTE, NOW, poolOf, submitted } from './pools';

/** Ids of the runs that are asked to give way. */
function asked(pool: PoolCore, nowMs = NOW): string[] {
  return pool.decide(nowMs).flatMap((decision) => (decision.kind === 'preempt' ? [decision.runId] : []));
}

const old: Partial<LeaseRequest> = { gpus: 1, priority: 10, preemptible: true, ...submitted(10 * 60) };
const young: Partial<LeaseRequest> = { gpus: 1, priority: 50 };

describe('a preemptible run that was started before waiting ones of higher priority, because it had waited longer', () => {
  /** `old` holds the GPU; `young` waits, and stood behind it. */
  function started(): PoolCore {
    const pool = poolOf(host('a', { gpus: 1 }));
    pool.claim(claim('first', { gpus: 1, priority: 100 }), NOW);
    pool.claim(claim('old', old), NOW);
    pool.claim(claim('young', young), NOW);
    pool.release({ runId: 'first', claim: 1 }, NOW);
    expect(granted(pool)).toEqual(['old']);
    return pool;
  }

  it('is not ended for these, nor for others of their priority, also by a core that was made anew', () => {
    const pool = started();
    for (const core of [pool, createPoolCore('default', pool.state())]) {
      core.claim(claim('later', young), NOW);
      expect(asked(core, NOW + 3 * HOUR)).toEqual([]);
    }
  });

  it('is ended for one of a higher priority still', () => {
    const pool = started();
    pool.claim(claim('urgent', { gpus: 1, priority: 90 }), NOW);
    expect(asked(pool)).toEqual(['old']);
  });

  it('is ended for one that would stand before it by now, as ageing adds no more to it', () => {
    const pool = started();
    // 10 and 60 for ten hours then; it would have 110 after 6 hours and 40 minutes more, and the other after 10 hours.
    expect(asked(pool, NOW + 10 * HOUR)).toEqual([]);
    expect(asked(pool, NOW + 10 * HOUR + 10 * MINUTE)).toEqual(['old']);
  });

  it('is ended again after its priority was changed by hand', () => {
    const pool = started();
    pool.reprioritise('old', 5);
    expect(asked(pool)).toEqual(['old']);
  });

  it('is as any other where it is started anew and nobody waits', () => {
    const pool = started();
    pool.release({ runId: 'young', claim: 1 }, NOW + MINUTE);
    expect(pool.claim(claim('old', old, 2), NOW + MINUTE)).toMatchObject({ kind: 'granted' });
    pool.claim(claim('young', young, 2), NOW + MINUTE);
    expect(asked(pool, NOW + MINUTE)).toEqual(['old']);
  });
});

it('a preemptible run that only fills what others leave is ended for the one that it passed', () => {
  const pool = poolOf(host('a', { gpus: 2 }));
  pool.claim(claim('stays', { gpus: 1, limitMs: HOUR }), NOW);
  pool.claim(claim('large', { gpus: 2, priority: 90 }), NOW);
  pool.claim(claim('filler', { ...old, limitMs: HOUR }), NOW);
  pool.claim(claim('low', { gpus: 1, priority: 50, limitMs: 3 * HOUR }), NOW);
  expect(granted(pool)).toEqual(['filler']);
  pool.release({ runId: 'stays', claim: 1 }, NOW + MINUTE);
  expect(asked(pool, NOW + MINUTE)).toEqual(['filler']);
});

it('a preemptible run that has aged past a stream of runs of higher priority comes to its end', () => {
  const pool = poolOf(host('a', { gpus: 1 }));
  const ends = new Map<string, number>();
  let nowMs = NOW;
  let preemptions = 0;
  const ask = (runId: string, wish: Partial<LeaseRequest>, number = 1): void => {
    const answer = pool.claim(claim(runId, wish, number), nowMs);
    if (answer.kind === 'granted') ends.set(runId, nowMs + HOUR);
  };
  const aged = { ...old, ...submitted(0) };
  const settle = (): void => {
    for (const decision of pool.decide(nowMs)) {
      if (decision.kind === 'grant') ends.set(decision.lease.runId, nowMs + HOUR);
      else {
        preemptions += 1;
        ends.delete('aged');
        ask('aged', aged, 1 + preemptions);
        settle();
      }
    }
  };
  for (let step = 0; step < 50; step += 1) {
    // One always waits when another ends.
    ask(`stream-${step}`, { ...young, submittedAt: new Date(nowMs).toISOString() });
    if (step === 0) ask('stream-too', young);
    if (step === 1) ask('aged', aged);
    settle();
    nowMs += HOUR;
    for (const [runId] of ends) pool.release({ runId, claim: runId === 'aged' ? 1 + preemptions : 1 }, nowMs);
    if (ends.has('aged')) break;
    ends.clear();
    settle();
  }
  expect({ ended: ends.has('aged'), preemptions }).toEqual({ ended: true, preemptions: 0 });
});

interface Wish {
  priority: number;
  preemptible: boolean;
  gpus: number;
  waitedMinutes: number;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  priority: fc.constantFrom(0, 20, 50, 80),
  preemptible: fc.boolean(),
  gpus: fc.constantFrom(1, 1, 2, 4),
  waitedMinutes: fc.constantFrom(0, 0, 100, 300, 700),
});

it('ends no run, where none comes any more, for another that it was started before by its age', () => {
  fc.assert(
    fc.property(fc.array(wish, { minLength: 2, maxLength: 25 }), (wishes) => {
      const pool = poolOf(host('a', { gpus: 4 }), host('b', { gpus: 2 }));
      const requests = wishes.map(({ waitedMinutes, ...more }) => ({ ...more, ...submitted(waitedMinutes) }));
      const life = new Life(pool, requests);
      life.run();
      expect(pool.holders()).toEqual([]);
      // Each is ended at most once for each that may go before it: the same pair never twice.
      expect(new Set(life.pairs).size).toBe(life.pairs.length);
    }),
    { numRuns: 200 },
  );
});

/** Runs that all wait from the beginning, each for an hour once it has its place. */
class Life {
  /** Who was ended for whom. */
  readonly pairs: string[] = [];
  private readonly claims = new Map<string, number>();
  private readonly ends = new Map<string, number>();
  /** Of each that holds a place: who stood behind it, with a higher priority, when it was started. */
  private readonly passed = new Map<string, Set<string>>();
  private nowMs = NOW;

  constructor(
    private readonly pool: PoolCore,
    private readonly requests: readonly Partial<LeaseRequest>[],
  ) {
    pool.claim(claim('blocker-a', { gpus: 4, priority: 100 }), NOW);
    pool.claim(claim('blocker-b', { gpus: 2, priority: 100 }), NOW);
    requests.forEach((_, index) => this.ask(`run-${index}`));
    for (const name of ['blocker-a', 'blocker-b']) pool.release({ runId: name, claim: 1 }, NOW);
  }

  run(): void {
    for (let steps = 0; steps < 500 && this.pool.holders().length > 0; steps += 1) {
      this.settle();
      this.nowMs = Math.min(this.pool.nextLookAt(this.nowMs) ?? Infinity, ...this.ends.values());
      for (const [runId, endMs] of this.ends) {
        if (endMs > this.nowMs) continue;
        this.ends.delete(runId);
        this.pool.release({ runId, claim: this.claims.get(runId)! }, endMs);
      }
    }
  }

  private ask(runId: string): void {
    const number = (this.claims.get(runId) ?? 0) + 1;
    this.claims.set(runId, number);
    const answer = this.pool.claim(claim(runId, this.requests[Number(runId.slice(4))]!, number), this.nowMs);
    if (answer.kind === 'granted') this.start(runId);
  }

  private settle(): void {
    const waiting = this.pool.view(this.nowMs).queue.map(({ runId }) => runId);
    const decisions = this.pool.decide(this.nowMs);
    for (const decision of decisions) {
      if (decision.kind === 'grant') this.start(decision.lease.runId, waiting);
      else this.giveWay(decision.runId, decision.because);
    }
    if (decisions.length > 0) this.settle();
  }

  private start(runId: string, waiting: readonly string[] = []): void {
    this.ends.set(runId, this.nowMs + HOUR);
    const isFirst = waiting[0] === runId;
    this.passed.set(runId, new Set(isFirst ? waiting.slice(1) : []));
  }

  private giveWay(runId: string, because: string): void {
    const [, other] = /^run (\S+) /.exec(because)!;
    expect(this.passed.get(runId)).not.toContain(other);
    this.pairs.push(`${runId} for ${other}`);
    this.ends.delete(runId);
    this.pool.release({ runId, claim: this.claims.get(runId)! }, this.nowMs);
    this.ask(runId);
  }
}
