import { END_REASONS, REASONS } from '../../contract/reason';
import type { Retries, RetryRule } from '../../contract/spec';
import type { AttemptFacts } from '../../policy/match-rules';
import { decideRetry } from '../../policy/retry';
import { EMPTY_LEDGER } from '../../policy/retry-ledger';
import { decide, exit, of, outOfMemory, RETRIES } from './attempts';

const first = (rules: RetryRule[], facts: AttemptFacts, more: Partial<Retries> = {}) =>
  decideRetry({ ...RETRIES, ...more, rules }, EMPTY_LEDGER, facts);

describe('the budgets', () => {
  it('wait 5 s and 5 s for attempts 2 and 3 by default, then all attempts are used', () => {
    expect(decide(RETRIES, [exit(1), exit(1), exit(1)])).toEqual([5_000, 5_000, false]);
  });

  it('multiply each wait by the factor, up to the cap', () => {
    const retries = { ...RETRIES, attempts: 5, factor: 3, maxDelay: '20s' };
    const attempts = Array.from({ length: 5 }, () => exit(1));
    expect(decide(retries, attempts)).toEqual([5_000, 15_000, 20_000, 20_000, false]);
  });

  it('do not pay for each other', () => {
    const mixed = [exit(1), of('registry-unavailable'), exit(1), of('pull-silent'), of('start-failed'), exit(1)];
    const verdicts = decide(RETRIES, mixed);
    expect(verdicts.slice(0, 5).every((verdict) => verdict !== false)).toBe(true);
    expect(verdicts.at(-1)).toBe(false);
  });

  it('double the waits for the infrastructure at least', () => {
    expect(decide(RETRIES, [of('pull-silent'), of('pull-silent'), of('pull-silent')])).toEqual([5_000, 10_000, 20_000]);
  });

  it('never pay for what would only happen again', () => {
    const never = END_REASONS.filter((reason) => REASONS[reason].retry === 'never');
    for (const reason of never) expect(decideRetry(RETRIES, EMPTY_LEDGER, of(reason)).retry).toBe(false);
    expect(never).toEqual(expect.arrayContaining(['image-not-found', 'cancelled', 'invalid-spec', 'running-timeout']));
  });

  it('are untouched by a suspension', () => {
    expect(decideRetry(RETRIES, EMPTY_LEDGER, of('suspended'))).toMatchObject({
      retry: true,
      delayMs: 0,
      ledger: EMPTY_LEDGER,
    });
  });
});

describe('a rule', () => {
  it.each<[string, RetryRule['when'], AttemptFacts, string]>([
    ['an exit code', { exitCode: [2, 127] }, exit(127), 'exit code 127'],
    ['a range of exit codes', { exitCode: ['64-78'] }, exit(70), 'exit code 70'],
    ['a signal', { signal: ['SIGSEGV', 'SIGBUS'] }, exit(139), 'SIGSEGV'],
    ['memory', { outOfMemory: true }, outOfMemory(), 'running out of memory'],
    ['memory that a part of it ran out of', { outOfMemory: true }, exit(1, { outOfMemory: true }), 'running out of'],
    ['a line of the log', { log: 'CUDA .*ECC' }, exit(1, {}, [0]), 'a log line that fits "CUDA .*ECC"'],
    ['an end reason of its own', { reason: ['silent'] }, of('silent'), '`silent`'],
    ['an end reason of the infrastructure', { reason: ['pull-silent'] }, of('pull-silent'), '`pull-silent`'],
    ['all of it together', { exitCode: [1], log: 'x' }, exit(1, {}, [0]), 'exit code 1 and a log line that fits "x"'],
  ])('decides by %s, and says so', (_, when, facts, because) => {
    const decision = first([{ when, then: 'fail' }], facts);
    expect(decision).toMatchObject({ retry: false, rule: 0 });
    expect(decision.because).toContain(`policy.retries.rules[0] says fail for ${because}`);
  });

  it.each<[string, RetryRule['when'], AttemptFacts]>([
    ['the exit code of another', { exitCode: ['2-5'] }, exit(6)],
    ['one of two conditions', { exitCode: [1], log: 'x' }, exit(1)],
    ['the pattern of another rule', { log: 'x' }, exit(1, {}, [1])],
    ['an exit code for want of memory', { outOfMemory: true }, exit(137)],
  ])('does not decide by %s', (_, when, facts) => {
    expect(first([{ when, then: 'retry' }], facts)).toMatchObject({
      retry: false,
      because: expect.stringContaining('no rule of policy.retries.rules names') as string,
    });
  });

  it.each<[string, RetryRule['when'], AttemptFacts]>([
    ['exit code 137', { exitCode: [137] }, of('silent', 137)],
    ['SIGKILL', { signal: ['SIGKILL'] }, of('silent', 137)],
    ['memory', { outOfMemory: true }, of('silent', 137)],
  ])('for %s does not mean a container that was stopped', (_, when, facts) => {
    expect(first([{ when, then: 'retry' }], facts)).toMatchObject({ retry: false });
  });

  it('that names no reason leaves those of the infrastructure to their budget', () => {
    expect(first([{ when: { log: 'x' }, then: 'fail' }], { ...of('host-lost'), matchedLogs: [0] }).retry).toBe(true);
  });

  it('that names one of the infrastructure takes from that budget', () => {
    const rules: RetryRule[] = [{ when: { reason: ['start-failed'] }, then: 'retry-elsewhere' }];
    const decision = first(rules, of('start-failed'), { attempts: 1 });
    expect(decision).toMatchObject({ retry: true, elsewhere: true });
    expect(decision.ledger).toMatchObject({ userFailures: 0, infrastructureFailures: 1 });
  });

  it('can retry what is never retried by itself, from the attempts of the run', () => {
    const rules: RetryRule[] = [{ when: { reason: ['running-timeout'] }, then: 'retry' }];
    const attempts = Array.from({ length: 3 }, () => of('running-timeout', 143));
    expect(decide({ ...RETRIES, rules }, attempts)).toEqual([5_000, 5_000, false]);
  });

  it('has no say in what somebody wanted', () => {
    const rules: RetryRule[] = [{ when: { reason: ['cancelled', 'total-timeout'] }, then: 'retry' }];
    expect(first(rules, of('cancelled'))).toMatchObject({ retry: false, because: '`cancelled` is never retried' });
    expect(first(rules, of('total-timeout')).retry).toBe(false);
  });

  it('that says fail goes before every other that fits', () => {
    const rules: RetryRule[] = [
      { when: { exitCode: ['1-9'] }, then: 'retry' },
      { when: { exitCode: [7] }, then: 'fail' },
    ];
    expect(first(rules, exit(7))).toMatchObject({
      retry: false,
      because: expect.stringContaining('rules[1]') as string,
    });
    expect(first(rules, exit(8))).toMatchObject({
      retry: true,
      because: expect.stringContaining('rules[0]') as string,
    });
  });

  it('decides before those that come after it', () => {
    const rules: RetryRule[] = [
      { when: { exitCode: [7] }, then: 'retry-elsewhere' },
      { when: { exitCode: ['1-9'] }, then: 'retry' },
    ];
    expect(first(rules, exit(7))).toMatchObject({ retry: true, elsewhere: true });
    expect(first(rules, exit(8))).toMatchObject({ retry: true, elsewhere: false });
  });

  it('tells of the change that it wants', () => {
    const rules: RetryRule[] = [
      { when: { outOfMemory: true }, then: 'retry', change: { memory: 'x1.5', upTo: '32g' } },
    ];
    expect(first(rules, outOfMemory())).toMatchObject({
      retry: true,
      change: { rule: 0, path: 'resources.memory', direction: 'up', factor: 1.5, bound: 32 * 1024 ** 3 },
      because: 'attempt 2 of 3; policy.retries.rules[0] says retry for running out of memory',
    });
  });
});

describe('progress', () => {
  const step = (number: number): AttemptFacts => exit(1, { step: number });

  it.each([
    ['a higher step', [step(5), step(5), step(9), step(9), step(9)]],
    ['a new checkpoint', ['a', 'a', 'b', 'b', 'b'].map((checkpoint) => exit(1, { checkpoint }))],
  ])('of %s counts the attempts anew', (_, attempts) => {
    expect(decide(RETRIES, attempts).map((verdict) => verdict !== false)).toEqual([true, true, true, true, false]);
  });

  it('is none where a step or a checkpoint was reached before', () => {
    const attempts = [step(9), step(3), step(8)];
    expect(decide(RETRIES, attempts).at(-1)).toBe(false);
    const names = ['a', 'b', 'a', 'b'].map((checkpoint) => exit(1, { checkpoint }));
    expect(decide(RETRIES, names).map((verdict) => verdict !== false)).toEqual([true, true, true, false]);
  });

  it('counts, too, where the infrastructure ended the attempt', () => {
    const lost = { ...step(9), ending: of('host-lost').ending };
    expect(decide(RETRIES, [step(3), step(3), lost, step(9), step(9)]).at(-1)).toBe(5_000);
  });

  it('without end has an end all the same: a history has no room for more', () => {
    const verdicts = decide(
      RETRIES,
      Array.from({ length: 600 }, (_, index) => step(index)),
    );
    expect(verdicts).toHaveLength(500);
  });

  it('gives no second attempt where the policy allows one', () => {
    expect(decide({ ...RETRIES, attempts: 1 }, [step(9)])).toEqual([false]);
  });
});

describe('the same failure again', () => {
  const traceback = { type: 'ValueError', message: 'bad label in row 7' };
  const same = (evidence = {}): AttemptFacts => exit(1, { traceback, ...evidence });
  const patient = { ...RETRIES, attempts: 10 };

  it('ends the run the second time, and says of what', () => {
    expect(decide(patient, [same(), same()])).toEqual([5_000, false]);
    const { ledger } = decideRetry(patient, EMPTY_LEDGER, same());
    expect(decideRetry(patient, ledger, same()).because).toBe(
      'it failed in the same way 2 times in a row without progress (policy.retries.sameFailure): ValueError: bad label in row 7',
    );
  });

  it.each<[string, AttemptFacts]>([
    ['running out of memory', outOfMemory()],
    ['SIGSEGV', exit(139)],
    ['Put it on the GPU', exit(1, { hint: { id: 'gpu', sentence: 'Put it on the GPU.' } })],
  ])('is told in words: %s', (words, facts) => {
    const { ledger } = decideRetry(patient, EMPTY_LEDGER, facts);
    expect(decideRetry(patient, ledger, facts).because).toMatch(new RegExp(`: ${words}$`));
  });

  it('may come as often as the policy says', () => {
    const attempts = Array.from({ length: 5 }, () => same());
    expect(decide({ ...patient, sameFailure: 4 }, attempts)).toHaveLength(4);
  });

  it.each<[string, AttemptFacts[]]>([
    ['another failure was between', [same(), exit(1, { traceback: { type: 'KeyError', message: 'x' } }), same()]],
    ['the run got further', [same({ step: 1 }), same({ step: 2 }), same({ step: 3 })]],
    ['nothing is known but its exit code', [exit(1), exit(1), exit(1)]],
  ])('is another one where %s', (_, attempts) => {
    expect(decide(patient, attempts)).not.toContain(false);
  });

  it('stays the same where the infrastructure failed between', () => {
    expect(decide(patient, [same(), of('host-lost'), same()])).toEqual([5_000, 5_000, false]);
  });

  it('is another one where a rule changes something in between', () => {
    const rules: RetryRule[] = [{ when: { outOfMemory: true }, then: 'retry', change: { memory: 'x2', upTo: '32g' } }];
    const attempts = Array.from({ length: 4 }, outOfMemory);
    expect(decide({ ...patient, rules }, attempts)).not.toContain(false);
  });
});

describe('a spec from before failures were compared', () => {
  const { sameFailure: _, ...older } = RETRIES;
  const retries = older as Retries;

  it('may fail in the same way as often as it has attempts', () => {
    expect(decide(retries, [outOfMemory(), outOfMemory(), outOfMemory()])).toEqual([5_000, 5_000, false]);
  });

  it('lets the first rule that fits decide', () => {
    const rules: RetryRule[] = [
      { when: { exitCode: [7] }, then: 'retry' },
      { when: { exitCode: [7] }, then: 'fail' },
    ];
    expect(decideRetry({ ...retries, rules }, EMPTY_LEDGER, exit(7)).retry).toBe(true);
  });
});
