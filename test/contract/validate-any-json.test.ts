import fc from 'fast-check';

import { policyBook } from '../../contract/policy-book';
import type { RecipeBook } from '../../contract/recipe';
import { validateSpec, validateSubmission } from '../../contract/validate-spec';

const GOOD = {
  name: 'digits-mlp',
  image: 'registry.example:5000/trainyard/digits:1',
  pullPolicy: 'always',
  command: ['python3', 'train.py', '--epochs={{params.epochs}}'],
  params: { epochs: 30, fast: true, note: 'x' },
  env: { OMP_NUM_THREADS: '1', NOTE: '{{params.note}}' },
  mounts: [{ source: '/data/digits', target: '/data', readOnly: true }],
  resources: { cpus: '500m', memory: '4g', shm: '1g', pids: 512 },
  network: 'egress',
  user: '1000:1000',
  policy: {
    timeouts: {
      queued: '24h',
      pull: '60m',
      start: '2m',
      running: '12h',
      unreachable: '30m',
      total: '36h',
      grace: '30s',
    },
    retries: {
      attempts: 3,
      delay: '5s',
      factor: 2,
      rules: [
        { when: { exitCode: [1, '128-140'], signal: ['SIGSEGV'] }, then: 'fail' },
        { when: { outOfMemory: true }, then: 'retry', change: { memory: 'x2', upTo: '32g' } },
        { when: { log: 'ECC', reason: ['silent'] }, then: 'retry', change: { params: { epochs: '/2' }, downTo: 1 } },
      ],
    },
  },
  labels: { team: 'vision' },
  checkpoint: { path: '/state', keep: 2 },
  logs: { retention: '90d' },
  notify: [
    { url: 'https://hooks.example/a', on: ['failed', 'rule'], form: 'json', secret: 'KEY' },
    { urlSecret: 'SLACK', on: ['out-of-memory'], form: 'slack' },
  ],
};

const RECIPES: RecipeBook = new Map([
  [
    'digits',
    {
      name: 'digits',
      description: 'Trains on digits.',
      params: { epochs: { type: 'integer', description: 'Epochs.', default: 3, minimum: 1, maximum: 100 } },
      spec: { image: 'trainyard/digits:1' },
    },
  ],
]);

const POLICIES = policyBook([{ name: 'patient', version: 1, policy: { timeouts: { running: '9h' } } }]);

const key = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', '', 'a b', 'image'),
  fc.constantFrom('recipe', 'policy', 'use', 'from', 'privileged', 'x'.repeat(500), 'comand', 'gpus', 'params'),
  fc.string(),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1, 1e308, '', '1h', '4g', '{{params.x}}', '/', 'host', '0', 'patient', 'patient@1'),
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map(asParsed),
  ),
})).value;

/** An object as JSON.parse makes it: `__proto__` is a field like any other. */
function asParsed(entries: [string, unknown][]): unknown {
  return JSON.parse(
    `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
}

/** A good input with something else at one of its places. */
const damaged = fc
  .tuple(
    fc.constantFrom(GOOD, { recipe: 'digits', params: { epochs: 3 } }, { image: 'a', policy: { use: 'patient' } }),
    fc.nat(),
    key,
    json,
  )
  .map(([good, place, name, value]) => {
    const copy = structuredClone(good) as Record<string, unknown>;
    const places = objectsIn(copy);
    const chosen = places[place % places.length]!;
    const names = [...Object.keys(chosen), ...(Array.isArray(chosen) ? [] : [name])];
    if (names.length === 0) return copy;
    Object.defineProperty(chosen, names[place % names.length]!, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return copy;
  });

function objectsIn(value: unknown): object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

const input = fc.oneof(json, damaged);

describe('any JSON', () => {
  it('is a good example before it is damaged', () => {
    expect(validateSpec(GOOD).faults).toBeUndefined();
  });

  it('is refused with a reason, or accepted as a spec that a second check leaves as it is', () => {
    fc.assert(
      fc.property(input, (value) => {
        const check = validateSpec(value);
        if (check.faults !== undefined) expectReasons(check.faults);
        else expect(validateSpec(JSON.parse(JSON.stringify(check.spec)))).toEqual({ spec: check.spec });
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused with a reason, or accepted, as a submission', () => {
    fc.assert(
      fc.property(input, (value) => {
        const check = validateSubmission(value, RECIPES, POLICIES);
        if (check.faults !== undefined) expectReasons(check.faults);
        else expect(validateSpec(check.spec)).toEqual({ spec: check.spec });
      }),
      { numRuns: 2000 },
    );
  });

  it('changes no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const text of ['{"__proto__":{"polluted":1}}', '{"params":{"__proto__":{"polluted":1}}}']) {
      expect(validateSpec({ image: 'a', ...JSON.parse(text) }).faults).toBeDefined();
      expect(
        validateSubmission({ recipe: 'digits', labels: JSON.parse(text) }, RECIPES, POLICIES).faults,
      ).toBeDefined();
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it('may be as deep as it likes', () => {
    const deep = JSON.parse(`{"image":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(validateSpec(deep).faults![0]!.message).toContain('nested deeper');
  });

  it.each([
    ['an image without end', { image: `${'a-'.repeat(60_000)}!` }],
    ['a host without end', { image: `${'a.'.repeat(60_000)}:` }],
    ['placeholders that do not close', { image: 'a', command: ['a', '{{params.'.repeat(10_000)] }],
    ['a placeholder full of blanks', { image: 'a', command: ['a', `{{params.${' '.repeat(120_000)}`] }],
    ['a misspelt name without end', { image: 'a', ['comand'.repeat(20_000)]: 1 }],
    ['many unknown names', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1]))],
    ['a duration without end', { image: 'a', policy: { timeouts: { total: '1'.repeat(200_000) } } }],
  ])('is answered soon, though it has %s', (_, value) => {
    const started = performance.now();
    validateSpec(value);
    // A pattern that goes back and forth takes minutes here; linear work takes some 10 ms.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

function expectReasons(faults: { path: string; message: string }[]): void {
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
}
