import * as fc from 'fast-check';

import { END_REASONS, REASONS, type EndReason } from '../../contract/reason';
import type { Retries } from '../../contract/spec';
import { parseDuration } from '../../contract/units';
import type { Ending } from '../../policy/outcome';
import { decideRetry, EMPTY_LEDGER } from '../../policy/retry';

const RETRIES: Retries = { attempts: 3, delay: '5s', factor: 1, maxDelay: '5m', infrastructure: 5, rules: [] };

describe('decideRetry', () => {
  it('waits 5 s and 5 s for attempts 2 and 3 by default, then says that all attempts are used', () => {
    expect(decide(RETRIES, [exit(1), exit(1), exit(1)])).toEqual([5_000, 5_000, false]);
  });

  it('multiplies each wait by the factor, up to the cap', () => {
    const retries = { ...RETRIES, attempts: 5, factor: 3, maxDelay: '20s' };
    expect(
      decide(
        retries,
        Array.from({ length: 5 }, () => exit(1)),
      ),
    ).toEqual([5_000, 15_000, 20_000, 20_000, false]);
  });

  it('does not retry an exit code for which a rule says fail', () => {
    const rules = [{ when: { exitCode: [2, 127] }, then: 'fail' as const }];
    expect(decideRetry({ ...RETRIES, rules }, EMPTY_LEDGER, exit(127))).toMatchObject({
      retry: false,
      because: 'policy.retries.rules[0] says fail for exit code 127',
    });
  });

  it('does not retry an exit code that no rule names', () => {
    const rules = [{ when: { exitCode: [1] }, then: 'retry' as const }];
    expect(decideRetry({ ...RETRIES, rules }, EMPTY_LEDGER, exit(1))).toMatchObject({ retry: true });
    expect(decideRetry({ ...RETRIES, rules }, EMPTY_LEDGER, exit(4))).toMatchObject({
      retry: false,
      because: 'no rule of policy.retries.rules names exit code 4',
    });
  });

  it('lets the first rule that matches decide', () => {
    const rules = [
      { when: { exitCode: [7] }, then: 'fail' as const },
      { when: { exitCode: [7] }, then: 'retry' as const },
    ];
    expect(decideRetry({ ...RETRIES, rules }, EMPTY_LEDGER, exit(7)).retry).toBe(false);
  });

  it('takes neither budget from the other', () => {
    const mixed = [exit(1), of('registry-unavailable'), exit(1), of('pull-silent'), of('start-failed'), exit(1)];
    const verdicts = decide(RETRIES, mixed);
    expect(verdicts.slice(0, 5).every((verdict) => verdict !== false)).toBe(true);
    expect(verdicts.at(-1)).toBe(false);
  });

  it('doubles the waits for the infrastructure at least', () => {
    expect(decide(RETRIES, [of('pull-silent'), of('pull-silent'), of('pull-silent')])).toEqual([5_000, 10_000, 20_000]);
  });

  it('never retries what would only happen again', () => {
    const never = END_REASONS.filter((reason) => REASONS[reason].retry === 'never');
    for (const reason of never) expect(decideRetry(RETRIES, EMPTY_LEDGER, of(reason)).retry).toBe(false);
    expect(never).toEqual(expect.arrayContaining(['image-not-found', 'cancelled', 'invalid-spec', 'running-timeout']));
  });
});

describe('decideRetry, for any policy and any endings', () => {
  const retries: fc.Arbitrary<Retries> = fc.record({
    attempts: fc.integer({ min: 1, max: 10 }),
    delay: fc.integer({ min: 0, max: 10_000 }).map((value) => `${value}ms`),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxDelay: fc.integer({ min: 0, max: 100_000 }).map((value) => `${value}ms`),
    infrastructure: fc.integer({ min: 0, max: 20 }),
    rules: fc.array(
      fc.record({
        when: fc.record({ exitCode: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 }) }),
        then: fc.constantFrom('retry' as const, 'fail' as const),
      }),
      { maxLength: 4 },
    ),
  });
  const ending: fc.Arbitrary<Ending> = fc.record({
    reason: fc.constantFrom(...END_REASONS),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
    detail: fc.constant({}),
  });

  it('makes no more attempts than its budgets and no wait beyond the cap', () => {
    fc.assert(
      fc.property(retries, fc.array(ending, { minLength: 1, maxLength: 60 }), (policy, endings) => {
        const waits = decide(policy, endings).filter((verdict) => verdict !== false);
        expect(waits.length).toBeLessThanOrEqual(policy.attempts - 1 + policy.infrastructure);
        for (const wait of waits) expect(wait).toBeLessThanOrEqual(parseDuration(policy.maxDelay));
      }),
    );
  });
});

/** The waits that a policy decides on for endings one after another, until it says no. */
function decide(retries: Retries, endings: readonly Ending[]): (number | false)[] {
  const verdicts: (number | false)[] = [];
  let ledger = EMPTY_LEDGER;
  for (const ending of endings) {
    const decision = decideRetry(retries, ledger, ending);
    ledger = decision.ledger;
    verdicts.push(decision.retry ? decision.delayMs : false);
    if (!decision.retry) break;
  }
  return verdicts;
}

function exit(exitCode: number): Ending {
  return { reason: 'exit-code', exitCode, detail: { exitCode } };
}

function of(reason: EndReason): Ending {
  return { reason, exitCode: null, detail: {} };
}
