import { exampleFor } from '../../contract/policy-example';
import type { RunSpec } from '../../contract/spec';
import type { Outcome } from '../../contract/try-policy';
import { validateSpec } from '../../contract/validate-spec';
import { outcomeFaults, pastOfOutcome } from '../../policy/past-outcomes';
import { tryPolicy, type Past, type PastAttempt } from '../../policy/try-policy';

function specWith(policy: object): RunSpec {
  const check = validateSpec({ ...exampleFor(policy), policy });
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check.spec;
}

const FAILED: Outcome = { reason: 'exit-code', exitCode: 1 };
const DONE: Outcome = { reason: 'completed' };
const past = (outcome: Outcome, more: Partial<PastAttempt> = {}): PastAttempt => ({
  ...pastOfOutcome(outcome, []),
  ...more,
});

/** The attempts of a run that has ended, under a policy. */
function ofRun(policy: object, attempts: PastAttempt[], more: Partial<Past> = {}) {
  const spec = specWith(policy);
  return tryPolicy(spec, { attempts, timeouts: specWith({}).policy.timeouts, hasEnded: true, ...more });
}

function ofOutcomes(policy: object, outcomes: Outcome[]) {
  const attempts = outcomes.map((outcome) => past(outcome));
  return tryPolicy(specWith(policy), { attempts, timeouts: null, hasEnded: null });
}

const THREE = { retries: { attempts: 3, delay: '10s', factor: 2 } };

describe('a policy that is tried on a run', () => {
  it('decides as it was where it is the one that the run had', () => {
    const { verdict, differs, attempts } = ofRun(THREE, [past(FAILED), past(FAILED), past(DONE)]);
    expect([verdict, differs]).toEqual(['Ends as it did, after 3 attempts.', false]);
    expect(attempts.map(({ decision, delay, because }) => [decision, delay, because])).toEqual([
      ['retry', '10s', expect.stringContaining('attempt 2 of 3')],
      ['retry', '20s', expect.stringContaining('attempt 3 of 3')],
      ['end', null, 'it succeeded'],
    ]);
  });

  it('would have stopped earlier, and does not make up what it would not have seen', () => {
    const { verdict, differs, attempts } = ofRun({}, [past(FAILED), past(FAILED), past(DONE)]);
    expect(verdict).toBe('Would have stopped after attempt 1; the run made 3.');
    expect(differs).toBe(true);
    expect(attempts).toMatchObject([
      { decision: 'stop', because: expect.stringContaining('one attempt'), differs: 'The run went on with attempt 2.' },
      { decision: 'not-made', differs: null },
      { decision: 'not-made', differs: null },
    ]);
  });

  it('would have gone on where the run ended, to nobody knows what', () => {
    const { verdict, attempts } = ofRun(THREE, [past(FAILED)]);
    expect(verdict).toBe(
      'Would have made an attempt 2 after 10s, where the run ended; what it would have come to cannot be known.',
    );
    expect(attempts[0]).toMatchObject({ decision: 'retry', delay: '10s', differs: 'The run ended here.' });
  });

  it('differs in nothing from a run that has not ended yet', () => {
    const { verdict, differs } = ofRun(THREE, [past(FAILED)], { hasEnded: false });
    expect([verdict, differs]).toEqual(['Goes on after 10s with an attempt 2; the run has not ended.', false]);
  });

  it.each(['cancelled', 'workflow-terminated', 'invalid-spec'] as const)(
    'has no say in a run that was %s',
    (reason) => {
      expect(ofRun(THREE, [past({ reason })])).toMatchObject({
        verdict: 'Ends as it did, after 1 attempt.',
        attempts: [{ decision: 'end', because: `\`${reason}\` is beyond every policy` }],
      });
    },
  );

  it('says so where there is nothing to try it on', () => {
    expect(ofRun(THREE, [])).toEqual({
      verdict: 'There is no ended attempt that it could be tried on.',
      differs: false,
      attempts: [],
    });
  });
});

describe('the timeouts of a policy that is tried on a run', () => {
  const times = { startedAfterMs: 600_000, ranMs: 7_200_000 };

  it('would have stopped an attempt that ran longer', () => {
    const { verdict, attempts } = ofRun({ ...THREE, timeouts: { running: '1h' } }, [
      past(FAILED, { times }),
      past(DONE),
    ]);
    expect(verdict).toBe('Would have stopped after attempt 1; the run made 2.');
    expect(attempts[0]).toMatchObject({
      decision: 'stop',
      because: expect.stringMatching(
        /stopped after 1 h.* \(policy.timeouts.running is 1h\); it ran for 2 h.*never retried/,
      ),
      differs: expect.stringMatching(/^It would have been stopped after 1 h/),
    });
  });

  it('would have stopped a run that took longer in all, also one that succeeded', () => {
    const { verdict, differs, attempts } = ofRun({ timeouts: { total: '2h' } }, [past(DONE, { times })]);
    expect([verdict, differs]).toEqual(['Ends after 1 attempt as it did, but in another way.', true]);
    expect(attempts[0]).toMatchObject({
      decision: 'stop',
      because: expect.stringContaining('policy.timeouts.total is 2h'),
    });
  });

  it('would not have stopped what ended by a shorter one', () => {
    const { verdict, attempts } = ofRun({ ...THREE, timeouts: { running: '24h' } }, [
      past({ reason: 'running-timeout' }),
    ]);
    expect(verdict).toBe('Attempt 1 would not have ended as it did; what comes after cannot be known.');
    expect(attempts[0]).toMatchObject({
      decision: 'unknown',
      because: expect.stringContaining('is 24h, and ended it at 12h'),
    });
  });

  it('ends what ended by the same one', () => {
    expect(ofRun(THREE, [past({ reason: 'running-timeout' })])).toMatchObject({ differs: false });
  });
});

describe('a policy that is tried on outcomes', () => {
  it.each<[string, object, Outcome[], string]>([
    ['stops', {}, [FAILED], 'Stops after attempt 1.'],
    ['stops before they end', {}, [FAILED, FAILED], 'Stops after attempt 1; 1 of the outcomes is never reached.'],
    ['ends with a success', THREE, [FAILED, DONE], 'Ends with attempt 2.'],
    ['ends before they do', THREE, [DONE, FAILED, FAILED], 'Ends with attempt 1; 2 of the outcomes are never reached.'],
    ['goes on', THREE, [FAILED], 'Goes on after 10s with an attempt 2; the outcomes end here.'],
    ['goes on at once', THREE, [{ reason: 'suspended' }], 'Goes on at once with an attempt 2; the outcomes end here.'],
    [
      'pays for the infrastructure apart',
      { retries: { attempts: 2, infrastructure: 1 } },
      [{ reason: 'host-lost' }, FAILED, { reason: 'host-lost' }],
      'Stops after attempt 3.',
    ],
  ])('%s', (_, policy, outcomes, verdict) => {
    expect(ofOutcomes(policy, outcomes)).toMatchObject({ verdict, differs: false });
  });

  it('reads the exit code off a signal, and the rule that is for it', () => {
    const rules = [{ when: { exitCode: [139] }, then: 'retry' }];
    const { attempts } = ofOutcomes({ retries: { attempts: 2, rules } }, [
      { reason: 'killed-by-signal', signal: 'SIGSEGV' },
    ]);
    expect(attempts).toMatchObject([{ exitCode: 139, decision: 'retry', message: expect.stringContaining('SIGSEGV') }]);
  });
});

it('refuses outcomes that cannot be', () => {
  const faults = outcomeFaults([
    { reason: 'exit-code' },
    { reason: 'exit-code', exitCode: 0 },
    { reason: 'killed-by-signal' },
    { reason: 'killed-by-signal', signal: 'SIGKILL', exitCode: 9 },
    { reason: 'killed-by-signal', signal: 'SIGKILL', exitCode: 137 },
    DONE,
  ]);
  expect(faults.map(({ path }) => path)).toEqual([
    'outcomes[0].exitCode',
    'outcomes[1].exitCode',
    'outcomes[2].signal',
    'outcomes[3].exitCode',
  ]);
});

it('keeps all that an outcome tells as evidence', () => {
  const traceback = 'torch.OutOfMemoryError: CUDA out of memory: tried 2 GiB';
  expect(past({ reason: 'out-of-memory', traceback, step: 4, checkpoint: 'step-4' })).toMatchObject({
    ending: { exitCode: 137 },
    evidence: {
      outOfMemory: true,
      traceback: { type: 'torch.OutOfMemoryError', message: 'CUDA out of memory: tried 2 GiB' },
      step: 4,
      checkpoint: 'step-4',
    },
  });
});
