import * as fc from 'fast-check';

import type { LeaseRequest, PoolSettings } from '../../../contract/pool';
import { createPoolCore, type PoolCore } from '../../../policy/pool/core';
import { claim, gpusOf, HOUR, host, MINUTE, NOW } from './pools';

interface Job {
  afterMs: number;
  /** Share of its limit that it really takes. */
  part: number;
  wish: Partial<LeaseRequest>;
}

/** In the order of submission, also among those of the same instant. */
const nameOf = (index: number): string => `run-${String(index).padStart(3, '0')}`;

/** Runs jobs to their ends; `look` sees the pool whenever something has happened. */
class Track {
  readonly starts = new Map<string, number>();
  readonly pool: PoolCore = createPoolCore('track');
  private readonly ends: { runId: string; claim: number; atMs: number }[] = [];
  private nowMs = NOW;

  constructor(
    private readonly jobs: readonly Job[],
    settings: Partial<PoolSettings>,
    private readonly look: (nowMs: number, starts: ReadonlyMap<string, number>) => void = () => {},
  ) {
    this.pool.configure(settings);
    this.pool.hostsAre([host('a', { gpus: 4 }), host('b', { gpus: gpusOf('b', 4) }), host('c')], NOW);
  }

  run(): void {
    let submitMs = NOW;
    this.jobs.forEach((job, index) => {
      submitMs += job.afterMs;
      this.until(submitMs);
      this.ask(index, 1);
      this.settle();
    });
    this.until(Infinity);
  }

  private ask(index: number, number: number): void {
    const submittedAt = new Date(this.nowMs).toISOString();
    const answer = this.pool.claim(
      claim(nameOf(index), { ...this.jobs[index]!.wish, submittedAt }, number),
      this.nowMs,
    );
    if (answer.kind === 'granted') this.start(answer.lease.runId, number);
  }

  private until(untilMs: number): void {
    for (let steps = 0; steps < 10_000; steps += 1) {
      this.ends.sort((one, other) => one.atMs - other.atMs);
      const lookMs = this.pool.nextLookAt(this.nowMs) ?? Infinity;
      const next = Math.min(this.ends[0]?.atMs ?? Infinity, lookMs);
      if (next > untilMs || (this.ends.length === 0 && this.pool.holders().length === 0)) break;
      this.nowMs = next;
      while (this.ends[0] && this.ends[0].atMs <= next) this.pool.release(this.ends.shift()!, next);
      this.settle();
    }
    if (untilMs < Infinity) this.nowMs = untilMs;
  }

  private settle(): void {
    for (const decision of this.pool.decide(this.nowMs)) {
      if (decision.kind === 'grant') this.start(decision.lease.runId, decision.lease.claim);
      else this.leave(decision.runId, decision.claim);
    }
    this.look(this.nowMs, this.starts);
  }

  private start(runId: string, number: number): void {
    const { wish, part } = this.jobs[Number(runId.slice(4))]!;
    this.starts.set(runId, this.nowMs);
    this.ends.push({ runId, claim: number, atMs: this.nowMs + Math.ceil((wish.limitMs ?? HOUR) * part) });
  }

  /** It was asked to give way, and comes back to run from its start. */
  private leave(runId: string, number: number): void {
    const at = this.ends.findIndex((end) => end.runId === runId);
    if (at >= 0) this.ends.splice(at, 1);
    this.pool.release({ runId, claim: number }, this.nowMs);
    this.ask(Number(runId.slice(4)), number + 1);
  }
}

const job = (more: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<Job> =>
  fc.record({
    afterMs: fc.constantFrom(0, 0, MINUTE, 7 * MINUTE, HOUR),
    part: fc.constantFrom(0.1, 0.5, 0.9, 1),
    wish: fc.record({
      nodes: fc.constantFrom(1, 1, 1, 2),
      cpus: fc.constantFrom(1, 2, 4),
      gpus: fc.constantFrom(0, 1, 1, 2, 4),
      limitMs: fc.constantFrom(5 * MINUTE, 20 * MINUTE, HOUR, 5 * HOUR),
      ...more,
    }) as fc.Arbitrary<Partial<LeaseRequest>>,
  });

const jobs = (one: fc.Arbitrary<Job>): fc.Arbitrary<Job[]> => fc.array(one, { minLength: 5, maxLength: 60 });

const reservations = fc.array(
  fc.record({
    gpus: fc.constantFrom(1, 4, 8),
    inMs: fc.constantFrom(0, 30 * MINUTE, 2 * HOUR, 9 * HOUR),
    forMs: fc.constantFrom(30 * MINUTE, 4 * HOUR),
  }),
  { maxLength: 4 },
);

it.each([
  ['', fc.constant([])],
  [', with reservations of another project', reservations],
])('never starts the first that waits later than it said%s', (_, reserved) => {
  fc.assert(
    fc.property(jobs(job()), reserved, (some, kept) => {
      const promised = new Map<string, number>();
      const track = new Track(some, { ageingMs: 0, preemption: false }, (nowMs) => {
        const [head] = track.pool.view(nowMs).queue;
        if (!head) return;
        expect(head.estimatedStart).not.toBeNull();
        const estimateMs = Date.parse(head.estimatedStart!);
        promised.set(head.runId, Math.min(promised.get(head.runId) ?? Infinity, estimateMs));
      });
      kept.forEach(({ gpus, inMs, forMs }, index) => {
        const [from, until] = [inMs, inMs + forMs].map((ms) => new Date(NOW + ms).toISOString()) as [string, string];
        track.pool.reserve({ id: `r${index}`, project: 'idle', gpus, gpuModel: null, from, until, by: 'ann' }, NOW);
      });
      track.run();
      for (const [runId, atMs] of promised) expect(track.starts.get(runId)).toBeLessThanOrEqual(atMs);
    }),
    { numRuns: 100 },
  );
});

it('starts every run in the end, whatever goes before it', () => {
  const anything = job({
    priority: fc.constantFrom(0, 50, 100),
    project: fc.constantFrom('red', 'green'),
    preemptible: fc.boolean(),
  });
  fc.assert(
    fc.property(jobs(anything), fc.boolean(), (some, preemption) => {
      const track = new Track(some, { ageingMs: MINUTE, preemption });
      track.run();
      expect(track.starts.size).toBe(some.length);
      expect(track.pool.holders()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

it('lets an endless stream of runs of higher priority not keep out a gang of the lowest', () => {
  const last: Job = { afterMs: 0, part: 1, wish: { gpus: 4, nodes: 2, priority: 0, limitMs: HOUR } };
  const stream = Array.from({ length: 120 }, (): Job => ({
    afterMs: 31 * MINUTE,
    part: 1,
    wish: { gpus: 4, priority: 60, limitMs: HOUR },
  }));
  const track = new Track([stream[0]!, last, ...stream], { ageingMs: 10 * MINUTE, preemption: true });
  track.run();
  const begun = [...track.starts.values()].filter((atMs) => atMs > track.starts.get(nameOf(1))!);
  expect(begun.length).toBeGreaterThan(50);
});
