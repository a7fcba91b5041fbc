import fc from 'fast-check';

import { END_REASONS } from '../../contract/reason';
import type { Attempt, Run, RunStatus } from '../../contract/run';
import { TRIGGERS, type NotifyTarget, type Trigger } from '../../contract/spec-notify';
import { END_STATES, RUN_STATES } from '../../contract/state';
import { HEARD_NOTHING, MOST_NOTIFICATIONS, planNotifications } from '../../policy/notifications';
import { sampleAttempt, sampleRun } from '../store/sample-run';

const target = (...on: Trigger[]): NotifyTarget => ({ url: 'http://hooks.example', form: 'json', on });
const status = (run: Partial<Run>, attempts: Partial<Attempt>[] = []): RunStatus => ({
  run: sampleRun(run),
  attempts: attempts.map((attempt, index) => sampleAttempt({ number: index + 1, ...attempt })),
});
/** Triggers of each notification that is due. */
const dueFor = (on: Trigger[], change: RunStatus, rule: string | null = null, heard = HEARD_NOTHING) =>
  planNotifications([target(...on)], heard, change, rule).due.map(({ content }) => content.triggers);

describe('a state', () => {
  it('is told when it is entered, and not again while it lasts', () => {
    const first = planNotifications([target('running')], HEARD_NOTHING, status({ state: 'running' }), null);
    expect(first.due).toHaveLength(1);
    expect(dueFor(['running'], status({ state: 'running' }), null, first.heard)).toEqual([]);
  });

  it('is told to nobody who did not ask', () => {
    expect(dueFor(['failed', 'rule', 'exit-code'], status({ state: 'running' }))).toEqual([]);
  });
});

describe('an end reason', () => {
  it('is told with the state that follows, though the run goes on', () => {
    const change = status({ state: 'retrying' }, [{ reason: 'out-of-memory', message: 'Too much.', exitCode: 137 }]);
    const [due] = planNotifications([target('out-of-memory')], HEARD_NOTHING, change, null).due;
    expect(due!.content).toMatchObject({
      type: 'out-of-memory',
      triggers: ['out-of-memory'],
      run: { state: 'retrying' },
      ended: { attempt: 1, reason: 'out-of-memory', message: 'Too much.', exitCode: 137, hint: null },
    });
  });

  it('is told once of the attempt that ends the run, together with its state', () => {
    const change = status({ state: 'failed', reason: 'exit-code' }, [{ reason: 'exit-code' }]);
    expect(dueFor(['exit-code', 'failed'], change)).toEqual([['failed', 'exit-code']]);
  });

  it('is told of each attempt', () => {
    const one = status({ state: 'retrying' }, [{ reason: 'exit-code' }]);
    const { heard } = planNotifications([], HEARD_NOTHING, one, null);
    expect(dueFor(['exit-code'], status({ state: 'running' }, [{ reason: 'exit-code' }, {}]), null, heard)).toEqual([]);
    const two = status({ state: 'retrying' }, [{ reason: 'exit-code' }, { reason: 'exit-code' }]);
    expect(dueFor(['exit-code'], two, null, heard)).toEqual([['exit-code']]);
  });

  it('of a run that had no attempt is told, too', () => {
    expect(dueFor(['queued-timeout'], status({ state: 'failed', reason: 'queued-timeout' }))).toEqual([
      ['queued-timeout'],
    ]);
  });

  it.each(['cancelled', 'suspended'] as const)('%s is told as a state, when all is done', (word) => {
    const before = status({ state: 'queued' }, [{ reason: word }]);
    const { due, heard } = planNotifications([target(word)], HEARD_NOTHING, before, null);
    expect(due).toEqual([]);
    expect(dueFor([word], status({ state: word, reason: word }, [{ reason: word }]), null, heard)).toEqual([[word]]);
  });

  it('comes with the hint that the evidence has', () => {
    const evidence = { hint: { id: 'no-space', sentence: 'Clean up.' } } as Attempt['evidence'];
    const change = status({ state: 'failed', reason: 'exit-code' }, [{ reason: 'exit-code', evidence }]);
    const [due] = planNotifications([target('failed')], HEARD_NOTHING, change, null).due;
    expect(due!.content.ended).toMatchObject({ hint: 'Clean up.' });
  });
});

describe('a rule', () => {
  it('is told with what it says', () => {
    const change = status({ state: 'retrying' }, [{ reason: 'exit-code' }]);
    const [due] = planNotifications([target('rule')], HEARD_NOTHING, change, 'rules[0]: says retry').due;
    expect(due!.content).toMatchObject({ type: 'rule', rule: 'rules[0]: says retry' });
    expect(dueFor(['rule'], change)).toEqual([]);
  });
});

it('tells each target at most once for a change, only what it asked for, and the state of a run always', () => {
  const words = fc.uniqueArray(fc.constantFrom(...TRIGGERS), { minLength: 1 });
  const changes = fc.record({
    state: fc.constantFrom(...RUN_STATES),
    reason: fc.constantFrom(null, ...END_REASONS),
    attempts: fc.array(fc.record({ reason: fc.constantFrom(null, ...END_REASONS) }), { maxLength: 4 }),
    rule: fc.constantFrom(null, 'a rule'),
  });
  fc.assert(
    fc.property(fc.array(words, { maxLength: 4 }), fc.array(changes, { maxLength: 8 }), (asked, life) => {
      const targets = asked.map((on) => target(...on));
      let heard = HEARD_NOTHING;
      for (const { attempts, rule, ...run } of life) {
        const before = heard;
        const plan = planNotifications(targets, heard, status(run, attempts), rule);
        heard = plan.heard;
        expect(new Set(plan.due.map((each) => each.target)).size).toBe(plan.due.length);
        for (const each of plan.due) {
          const { type, triggers } = each.content;
          expect(triggers.every((word) => each.target.on.includes(word))).toBe(true);
          expect([type, triggers.length]).toEqual([triggers[0], new Set(triggers).size]);
        }
        const hears = targets.filter(({ on }) => run.state !== before.state && on.includes(run.state));
        expect(plan.due.map((each) => each.target)).toEqual(expect.arrayContaining(hears));
      }
    }),
  );
});

it('falls silent when it has told enough, says so once, and still tells the end', () => {
  const targets = [target('running', 'failed'), target('running', 'failed')];
  let heard = { ...HEARD_NOTHING, due: MOST_NOTIFICATIONS - 3 };
  const tell = (state: Run['state']): [number, boolean] => {
    const plan = planNotifications(targets, heard, status({ state }), null);
    heard = plan.heard;
    return [plan.due.length, plan.fallsSilent];
  };
  const [away, back] = ['unreachable', 'running'] as const;
  expect([back, away, back, away, back, away, back, 'failed' as const].map(tell)).toEqual([
    [2, false],
    [0, false],
    [1, true],
    [0, false],
    [0, false],
    [0, false],
    [0, false],
    [2, false],
  ]);
});

it('knows every end state among its words', () => {
  expect(TRIGGERS).toEqual(expect.arrayContaining([...END_STATES, ...END_REASONS, 'rule']));
});
