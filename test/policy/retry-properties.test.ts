import { Value } from '@sinclair/typebox/value';
import * as fc from 'fast-check';

import type { Evidence } from '../../contract/evidence';
import { END_REASONS, REASONS, type EndReason } from '../../contract/reason';
import { SIGNALS } from '../../contract/signals';
import type { Retries, RetryRule } from '../../contract/spec';
import { RetriesSchema } from '../../contract/spec-retries';
import { parseDuration } from '../../contract/units';
import { fits, type AttemptFacts } from '../../policy/match-rules';
import { decideNext, firstCourse } from '../../policy/next-attempt';
import { decideRetry, type RetryDecision } from '../../policy/retry';
import { EMPTY_LEDGER, noteProgress, type RetryLedger } from '../../policy/retry-ledger';
import { specOf } from '../helpers/fake-host';
import { NO_EVIDENCE } from './attempts';

/** Whatever the schema of a policy lets through, sense or nonsense. */
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const factor = fc.constantFrom('x2', 'x1.5', '/2', '/10', 'x0', '/0', 'x1', '/1', 'x0.5', 'x999999999999');
const growth = fc.constantFrom('x2', 'x1.5', 'x0', 'x1', 'x0.5', 'x999999999999');
const size = fc.constantFrom('64m', '1g', '0b', '100000k', '9999999t');
const named = fc.dictionary(fc.constantFrom('batch', 'rate', 'note', 'absent', '__proto_'), factor, {
  minKeys: 1,
  maxKeys: 1,
});
const change = fc.record(
  {
    memory: growth,
    shm: growth,
    env: named,
    params: named,
    upTo: fc.oneof(size, fc.double({ noNaN: true, noDefaultInfinity: true })),
    downTo: fc.double({ noNaN: true, noDefaultInfinity: true }),
  },
  { requiredKeys: [] },
);
const exitCode = fc.oneof(
  fc.integer({ min: 1, max: 255 }),
  fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 })).map(([one, other]) => `${one}-${other}`),
);
const when = fc
  .record(
    {
      exitCode: fc.array(exitCode, { minLength: 1, maxLength: 4 }),
      signal: fc.array(fc.constantFrom(...SIGNALS), { minLength: 1, maxLength: 3 }),
      outOfMemory: fc.constant(true as const),
      log: fc.string({ minLength: 1, maxLength: 20 }),
      reason: fc.array(fc.constantFrom(...END_REASONS), { minLength: 1, maxLength: 10 }),
    },
    { requiredKeys: [] },
  )
  .filter((condition) => Object.keys(condition).length > 0);
const rule = fc
  .record({ when, then: fc.constantFrom('retry', 'retry-elsewhere', 'fail'), change: optional(change) })
  .map(({ change: written, ...rest }) => (written === undefined ? rest : { ...rest, change: written }) as RetryRule);
const retries: fc.Arbitrary<Retries> = fc.record({
  attempts: fc.integer({ min: 1, max: 10 }),
  delay: fc.integer({ min: 0, max: 10_000 }).map((value) => `${value}ms`),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxDelay: fc.integer({ min: 0, max: 100_000 }).map((value) => `${value}ms`),
  infrastructure: fc.integer({ min: 0, max: 20 }),
  sameFailure: fc.integer({ min: 2, max: 10 }),
  rules: fc.array(rule, { maxLength: 6 }),
});

const evidence: fc.Arbitrary<Evidence> = fc.record({
  ...Object.fromEntries(Object.entries(NO_EVIDENCE).map(([name, value]) => [name, fc.constant(value)])),
  outOfMemory: fc.boolean(),
  traceback: fc.option(fc.record({ type: fc.constantFrom('ValueError', 'KeyError'), message: fc.string() })),
  step: fc.option(fc.integer({ min: 0, max: 20 })),
  checkpoint: fc.option(fc.constantFrom('a', 'b', 'c')),
}) as fc.Arbitrary<Evidence>;
const withoutProgress = evidence.map((known) => ({ ...known, step: null, checkpoint: null }));

const attemptWith = (known: fc.Arbitrary<Evidence>): fc.Arbitrary<AttemptFacts> =>
  fc
    .record({
      reason: fc.constantFrom('exit-code', 'out-of-memory', 'killed-by-signal', ...END_REASONS),
      exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
      evidence: fc.option(known),
      matchedLogs: fc.subarray([0, 1, 2, 3, 4, 5]),
    })
    // A run may be suspended and resumed, or preempted, as often as it likes.
    .filter(({ reason }) => REASONS[reason].retry !== 'free')
    .map(({ reason, exitCode: code, ...known }) => ({ ending: { reason, exitCode: code, detail: {} }, ...known }));
const attempts = (known: fc.Arbitrary<Evidence>) => fc.array(attemptWith(known), { minLength: 1, maxLength: 60 });

interface Decided {
  decision: RetryDecision;
  facts: AttemptFacts;
  before: RetryLedger;
}

/** The decisions on attempts one after another, until one says no. */
function decideAll(policy: Retries, endings: readonly AttemptFacts[]): Decided[] {
  const decided: Decided[] = [];
  let before = EMPTY_LEDGER;
  for (const facts of endings) {
    const decision = decideRetry(policy, before, facts);
    decided.push({ decision, facts, before });
    if (!decision.retry) break;
    before = decision.ledger;
  }
  return decided;
}

it('draws policies from the whole of the schema', () => {
  fc.assert(fc.property(retries, (policy) => Value.Check(RetriesSchema, policy)));
});

it('makes no more attempts than its budgets', () => {
  fc.assert(
    fc.property(retries, attempts(withoutProgress), (policy, endings) => {
      const again = decideAll(policy, endings).filter(({ decision }) => decision.retry);
      const ofInfrastructure = again.filter(({ facts }) => REASONS[facts.ending.reason].retry === 'infrastructure');
      expect(ofInfrastructure.length).toBeLessThanOrEqual(policy.infrastructure);
      expect(again.length - ofInfrastructure.length).toBeLessThanOrEqual(policy.attempts - 1);
    }),
  );
});

it('makes no more attempts between one progress and the next than its budgets', () => {
  fc.assert(
    fc.property(retries, attempts(evidence), (policy, endings) => {
      let failures = 0;
      for (const { decision, facts, before } of decideAll(policy, endings)) {
        if (noteProgress(before, facts.evidence).progress !== null) failures = 0;
        if (REASONS[facts.ending.reason].retry === 'infrastructure') continue;
        failures += 1;
        if (decision.retry) expect(failures).toBeLessThan(policy.attempts);
      }
    }),
  );
});

it('makes no wait longer than its cap', () => {
  fc.assert(
    fc.property(retries, attempts(evidence), (policy, endings) => {
      for (const { decision } of decideAll(policy, endings)) {
        if (decision.retry) expect(decision.delayMs).toBeLessThanOrEqual(parseDuration(policy.maxDelay));
      }
    }),
  );
});

it('makes no further attempt where any rule that fits says fail', () => {
  // Conditions and endings out of so few that several rules fit most of them.
  const common = fc.constantFrom<RetryRule['when']>(
    { exitCode: ['1-2'] },
    { exitCode: [2] },
    { log: 'x' },
    { outOfMemory: true },
    { reason: ['exit-code', 'start-failed'] },
  );
  const then = fc.constantFrom<RetryRule['then']>('retry', 'retry', 'retry-elsewhere', 'fail');
  const overlapping = fc.array(fc.record({ when: common, then }), { minLength: 1, maxLength: 6 });
  const reason = fc.constantFrom<EndReason>('exit-code', 'exit-code', 'out-of-memory', 'start-failed');
  const ending = fc
    .tuple(attemptWith(evidence), reason, fc.constantFrom(1, 2))
    .map(([facts, name, code]) => ({ ...facts, ending: { reason: name, exitCode: code, detail: {} } }));
  fc.assert(
    fc.property(retries, overlapping, fc.array(fc.oneof(ending, attemptWith(evidence))), (policy, rules, endings) => {
      for (const { decision, facts } of decideAll({ ...policy, rules }, endings)) {
        const fails = rules.some((one, index) => one.then === 'fail' && fits(one, index, facts));
        if (fails) expect(decision.retry).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

it('tries no failure in a row again more often than the policy says', () => {
  const few = fc
    .tuple(fc.constantFrom('ValueError', 'ValueError', 'KeyError', null), fc.constantFrom(1, 1, 2))
    .map(([type, code]): AttemptFacts => {
      const traceback = type === null ? null : { type, message: 'x' };
      const ending = { reason: 'exit-code' as const, exitCode: code, detail: {} };
      return { ending, evidence: { ...NO_EVIDENCE, traceback }, matchedLogs: [] };
    });
  fc.assert(
    fc.property(retries, fc.array(few, { maxLength: 12 }), (policy, endings) => {
      let row = 0;
      let last: string | null = null;
      for (const { decision, facts } of decideAll({ ...policy, attempts: 10, rules: [] }, endings)) {
        const failure = facts.evidence!.traceback && `${facts.ending.exitCode} ${facts.evidence!.traceback.type}`;
        row = failure !== null && failure === last ? row + 1 : 1;
        last = failure;
        if (failure !== null && decision.retry) expect(row).toBeLessThan(policy.sameFailure);
      }
    }),
  );
});

it('decides on whatever the schema accepts without throwing, and says why', () => {
  const host = fc.option(fc.constantFrom('one', 'two'));
  fc.assert(
    fc.property(retries, fc.array(fc.tuple(attemptWith(evidence), host), { maxLength: 30 }), (policy, endings) => {
      const spec = specOf({ params: { batch: 64, rate: 0.1, note: 'x' } });
      const env = { batch: '32', rate: 'fast' };
      let course = firstCourse({ ...spec, env, policy: { ...spec.policy, retries: policy } });
      for (const [facts, at] of endings) {
        const next = decideNext(course, { ...facts, host: at });
        expect(next.because).toMatch(/\w/);
        expect(JSON.parse(JSON.stringify(next.course.ledger))).toEqual(next.course.ledger);
        course = next.course;
      }
    }),
    { numRuns: 500 },
  );
});
