import fc from 'fast-check';

import { applyRunChange, checkRunChange } from '../../contract/run-change';
import { validateSpec } from '../../contract/validate-spec';
import { parseDuration, writeDuration } from '../../contract/units';
import { describeChange, limitsInThePast } from '../../policy/run-change';
import type { RunSpec } from '../../contract/spec';

const spec = (validateSpec({ image: 'a', labels: { team: 'vision' } }) as { spec: RunSpec }).spec;

describe('limits in the past', () => {
  it('are refused by name, and those whose time does not run are not asked about', () => {
    const passed = { queued: null, running: 2 * 3_600_000, total: 3 * 3_600_000 };
    const faults = limitsInThePast({ ...spec.policy.timeouts, running: '90m', total: '4h', queued: '1s' }, passed);

    expect(faults).toEqual([
      {
        path: 'policy.timeouts.running',
        message: 'must be more than the 2 h that the attempt has run already; got "90m"; to end it now, cancel it',
      },
    ]);
  });

  it('are exactly those that are no more than what has passed', () => {
    const ms = fc.integer({ min: 1, max: 10 ** 10 });
    fc.assert(
      fc.property(ms, ms, (limitMs, passedMs) => {
        const timeouts = { ...spec.policy.timeouts, total: writeDuration(limitMs) };
        const faults = limitsInThePast(timeouts, { queued: null, running: null, total: passedMs });
        expect(faults.length > 0).toBe(limitMs <= passedMs);
      }),
    );
  });
});

describe('a change', () => {
  it('is told by what differs, from what to what', () => {
    const { spec: after } = applyRunChange(spec, {
      policy: { timeouts: { running: '20h', silence: '30m' } },
      labels: { team: null, kept: 'yes' },
    });

    expect(describeChange(spec, after)).toBe(
      'policy.timeouts.running: 12h → 20h, policy.timeouts.silence: none → 30m, labels.team: vision → none, labels.kept: none → yes',
    );
    expect(describeChange(after, after)).toBe('');
  });

  it('never throws, and what it accepts is a spec that fits itself', () => {
    const time = fc.oneof(
      fc.constantFrom('1s', '5m', '30m', '11h', '12h', '24h', '36h', '2d', '500ms', '0s', null, 7, 'soon'),
      fc.jsonValue(),
    );
    const names = ['queued', 'running', 'silence', 'total', 'grace', 'warn', 'warnSignal', 'pull', 'other'];
    const change = fc.record(
      { policy: fc.record({ timeouts: fc.dictionary(fc.constantFrom(...names), time) }), labels: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(change, fc.jsonValue()), (input) => {
        const checked = checkRunChange(input);
        if (checked.faults !== undefined) return expect(checked.faults.length).toBeGreaterThan(0);
        const { spec: after, faults } = applyRunChange(spec, checked.change);
        if (faults.length > 0) return;
        expect(validateSpec(after)).toEqual({ spec: after });
        const { running, total } = after.policy.timeouts;
        expect(parseDuration(running)).toBeLessThanOrEqual(parseDuration(total));
      }),
    );
  });
});
