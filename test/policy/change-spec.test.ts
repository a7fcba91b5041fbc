import * as fc from 'fast-check';

import { readChange, type Change } from '../../contract/rule-change';
import type { RunSpec } from '../../contract/spec';
import type { RuleChange } from '../../contract/spec-retries';
import { parseSize } from '../../contract/units';
import { changeSpec } from '../../policy/change-spec';
import { decideNext, firstCourse, type Course } from '../../policy/next-attempt';
import { specOf } from '../helpers/fake-host';
import { exit, of, outOfMemory, RETRIES } from './attempts';

const SPEC: RunSpec = {
  ...specOf({ params: { batch_size: 64, rate: 0.1, zero: 0, note: 'x' } }),
  env: { WORKERS: '8', RATE: '0.5', NAME: 'x' },
  resources: { cpus: 1, memory: '64m', shm: '64m', pids: 64, gpus: 0 },
};

function read(written: RuleChange): Change {
  const reading = readChange(written);
  if ('faults' in reading) throw new Error(JSON.stringify(reading.faults));
  return reading.change;
}

/** What a change goes through until there is nothing left to change. */
function stepsOf(written: RuleChange, start: RunSpec = SPEC): string[] {
  const change = read(written);
  const steps: string[] = [];
  for (let spec = start; steps.length < 100;) {
    const changed = changeSpec(spec, change);
    if ('stuck' in changed) return [...steps, changed.stuck];
    steps.push(changed.to);
    spec = changed.spec;
  }
  return steps;
}

it.each<[RuleChange, string[]]>([
  [{ memory: 'x2', upTo: '256m' }, ['128m', '256m', '`resources.memory` is 256m and may not go further (upTo: 256m)']],
  [{ memory: 'x1.5', upTo: '150m' }, ['96m', '144m', '150m', expect.stringContaining('150m') as string]],
  [{ memory: 'x1.001', upTo: '66m' }, ['65m', '66m', expect.stringContaining('66m') as string]],
  [{ memory: 'x32', upTo: '4g' }, ['2g', '4g', expect.stringContaining('4g') as string]],
  [{ shm: 'x2', upTo: '100000k' }, ['97m', '`resources.shm` is 97m and may not go further (upTo: 102400000b)']],
  [
    { params: { batch_size: '/3' }, downTo: 1 },
    ['21', '7', '2', '1', expect.stringContaining('(downTo: 1)') as string],
  ],
  [{ params: { batch_size: 'x1.001' }, upTo: 66.5 }, ['65', '66', expect.stringContaining('is 66') as string]],
  [{ params: { zero: 'x2' }, upTo: 2 }, ['1', '2', expect.stringContaining('is 2') as string]],
  [
    { params: { rate: '/10' }, downTo: 0.0005 },
    ['0.01', '0.001', '0.0005', expect.stringContaining('0.0005') as string],
  ],
  [{ params: { rate: 'x3' }, upTo: 1 }, ['0.3', '0.9', '1', expect.stringContaining('is 1') as string]],
  [{ env: { WORKERS: '/2' }, downTo: 2 }, ['4', '2', '`env.WORKERS` is 2 and may not go further (downTo: 2)']],
  [{ env: { NAME: 'x2' }, upTo: 64 }, ['`env.NAME` is no number that could be changed']],
  [{ params: { absent: 'x2' }, upTo: 64 }, ['`params.absent` is no number that could be changed']],
])('%j goes by steps up to its bound', (change, steps) => {
  expect(stepsOf(change)).toEqual(steps);
});

it('leaves all else as it was, and what is a text a text', () => {
  const changed = changeSpec(SPEC, read({ env: { WORKERS: 'x2' }, upTo: 64 }));
  expect(changed).toMatchObject({ spec: { ...SPEC, env: { ...SPEC.env, WORKERS: '16' } } });
  expect(SPEC.env['WORKERS']).toBe('8');
});

describe('any change', () => {
  const factor = fc.double({ min: 1.000_01, max: 1_000, noNaN: true }).map((value) => value.toFixed(5));

  it('never passes its bound, goes only one way, keeps whole numbers whole, and comes to an end', () => {
    const number = fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(number, number, factor, (start, bound, by) => {
        const isUp = bound >= start;
        const change = isUp ? { params: { n: `x${by}` }, upTo: bound } : { params: { n: `/${by}` }, downTo: bound };
        let spec: RunSpec = { ...SPEC, params: { n: start } };
        for (let before = start; ;) {
          const changed = changeSpec(spec, read(change));
          if ('stuck' in changed) break;
          const now = Number(changed.spec.params['n']);
          expect(isUp ? now > before && now <= bound : now < before && now >= bound).toBe(true);
          if (Number.isInteger(start)) expect(Number.isInteger(now)).toBe(true);
          [before, spec] = [now, changed.spec];
          // Beyond this the factor is as good as none.
          if (Number(by) < 1.01) break;
        }
      }),
    );
  });

  it('of a size never passes its bound, and is whole MiB', () => {
    const size = fc.integer({ min: 6_000_000, max: 2 ** 40 });
    fc.assert(
      fc.property(size, size, factor, (one, other, by) => {
        const [start, bound] = [Math.min(one, other), Math.max(one, other)];
        const spec = { ...SPEC, resources: { ...SPEC.resources, memory: `${start}b` } };
        const changed = changeSpec(spec, read({ memory: `x${by}`, upTo: `${bound}b` }));
        if ('stuck' in changed) return;
        const bytes = parseSize(changed.to);
        expect(bytes).toBeGreaterThan(start);
        expect(bytes).toBeLessThanOrEqual(bound);
        expect(bytes % 1024 ** 2).toBe(0);
      }),
    );
  });
});

describe('the next attempt', () => {
  const course = (rules: RunSpec['policy']['retries']['rules']): Course =>
    firstCourse({ ...SPEC, policy: { ...SPEC.policy, retries: { ...RETRIES, attempts: 10, rules } } });
  const GROW = course([{ when: { outOfMemory: true }, then: 'retry', change: { memory: 'x2', upTo: '200m' } }]);
  const on = (host: string) => ({ host });

  it('has what the rule changes, and says so', () => {
    const next = decideNext(GROW, { ...outOfMemory(), ...on('a') });
    expect(next).toMatchObject({
      retry: true,
      because:
        'attempt 2 of 10; policy.retries.rules[0] says retry for running out of memory; `resources.memory` goes from 64m to 128m',
      course: { changes: ['resources.memory: 128m (policy.retries.rules[0])'], avoid: [] },
    });
    expect(next.course.spec.resources).toEqual({ ...SPEC.resources, memory: '128m' });
  });

  it('keeps the newest of each change, until the bound ends the run', () => {
    let now = GROW;
    for (let attempt = 1; attempt <= 2; attempt += 1) now = decideNext(now, { ...outOfMemory(), ...on('a') }).course;
    expect(now.changes).toEqual(['resources.memory: 200m (policy.retries.rules[0])']);
    expect(decideNext(now, { ...outOfMemory(), ...on('a') })).toMatchObject({
      retry: false,
      because:
        'policy.retries.rules[0] has nothing left to change: `resources.memory` is 200m and may not go further (upTo: 200m)',
    });
  });

  it('avoids every host that a rule sent it away from, also after a failure of another kind', () => {
    const rules = [
      { when: { exitCode: [9] }, then: 'retry-elsewhere' as const },
      { when: { exitCode: [1] }, then: 'retry' as const },
    ];
    let now = course(rules);
    for (const [facts, host] of [
      [exit(9), 'a'],
      [exit(1), 'b'],
      [of('host-lost'), 'b'],
      [exit(9), 'c'],
      [exit(9), 'a'],
    ] as const) {
      now = decideNext(now, { ...facts, host }).course;
    }
    expect(now.avoid).toEqual(['a', 'c']);
  });
});
