import type { Fault } from '../../contract/fault';
import type { RecipeBook } from '../../contract/recipe';
import { policyBook } from '../../contract/policy-book';
import { validateSpec, validateSubmission } from '../../contract/validate-spec';

const FIELDS = {
  image: 'trainyard/digits:1',
  params: { batch_size: 64, rate: 0.1, below: -1, note: 'x' },
  env: { WORKERS: '8', SECRET: 'hunter2' },
  resources: { memory: '1g', shm: '64m' },
};

const RULE = { when: { exitCode: [1] }, then: 'retry' };

function faultsOf(rules: unknown[], fields: object = FIELDS): Fault[] {
  return validateSpec({ ...fields, policy: { retries: { rules } } }).faults ?? [];
}

/** Faults with their paths in `policy.retries.rules`. */
function faultsIn(...rules: unknown[]): Record<string, string> {
  return Object.fromEntries(
    faultsOf(rules).map(({ path, message }) => [path.replace('policy.retries.rules', ''), message]),
  );
}

const changed = (change: unknown): Record<string, string> => faultsIn({ ...RULE, change });

describe('rules that make sense', () => {
  it('may speak of all that is known of a failure, and change one thing with a bound', () => {
    const rules = [
      { when: { outOfMemory: true }, then: 'retry', change: { memory: 'x1.5', upTo: '32g' } },
      { when: { signal: ['SIGBUS'] }, then: 'retry', change: { shm: 'x2', upTo: '8g' } },
      { when: { log: 'CUDA error: .*ECC' }, then: 'retry-elsewhere' },
      { when: { reason: ['silent', 'pull-silent', 'running-timeout'] }, then: 'retry' },
      { when: { exitCode: [3] }, then: 'retry', change: { env: { WORKERS: '/2' }, downTo: 1 } },
      { when: { exitCode: ['10-20'] }, then: 'retry', change: { params: { batch_size: '/2' }, downTo: 1 } },
      { when: { exitCode: [2, 126, 127] }, then: 'fail' },
    ];
    const check = validateSpec({ ...FIELDS, policy: { retries: { attempts: 5, rules } } });
    expect(check.faults).toBeUndefined();
    expect(check).toMatchObject({ spec: { policy: { retries: { sameFailure: 2, rules } } } });
  });

  it('may each be narrower than one that comes after', () => {
    const rules = [
      { when: { exitCode: [137], outOfMemory: true }, then: 'retry' },
      { when: { exitCode: [7], log: 'x' }, then: 'retry-elsewhere' },
      { when: { exitCode: ['1-255'] }, then: 'retry' },
      { when: { exitCode: [2] }, then: 'fail' },
      { when: { reason: ['host-lost'] }, then: 'fail' },
    ];
    expect(faultsOf(rules)).toEqual([]);
  });

  it('may begin at their bound, since a policy can be for many runs', () => {
    expect(changed({ memory: 'x2', upTo: '1g' })).toEqual({});
  });
});

describe('a condition', () => {
  it.each<[string, unknown, string]>([
    ['[0].when', {}, 'must have at least 1 field; got an object; give at least one of `exitCode`, `signal`'],
    ['[0].when.exitCode[0]', { exitCode: [0] }, 'write a list of exit codes from 1 to 255'],
    ['[0].when.exitCode[0]', { exitCode: [256] }, 'write a list of exit codes from 1 to 255'],
    ['[0].when.exitCode[0]', { exitCode: ['2'] }, 'write a list of exit codes from 1 to 255 and of ranges'],
    ['[0].when.exitCode[1]', { exitCode: [1, '5-2'] }, 'the lower number first; got "5-2"; write such as "2-5"'],
    ['[0].when.exitCode[0]', { exitCode: ['0-5'] }, 'must be a range from 1 to 255'],
    ['[0].when.exitCode[0]', { exitCode: ['250-300'] }, 'must be a range from 1 to 255'],
    ['[0].when.exitCode', { exitCode: [] }, 'must have at least 1 item'],
    ['[0].when.exitCode', { exitCode: Array.from({ length: 33 }, () => '1-255') }, 'must have at most 32 items'],
    ['[0].when.signal[0]', { signal: ['SIGWHAT'] }, 'must be one of "SIGHUP", "SIGINT"'],
    [
      '[0].when.signal',
      { signal: 'SIGKILL' },
      'must be a list; got "SIGKILL"; write a list of words such as ["SIGINT"]',
    ],
    ['[0].when.outOfMemory', { outOfMemory: false }, 'must be true; got false; write true, or leave it out'],
    ['[0].when.reason[0]', { reason: ['exploded'] }, 'must be one of "completed", "exit-code"'],
    ['[0].when.log', { log: '' }, 'must have at least 1 character'],
    ['[0].when.log', { log: 'x'.repeat(1_001) }, 'must have at most 1000 characters'],
    ['[0].when.log', { log: '(' }, 'is no regular expression in the syntax of RE2: missing closing ); put a \\ before'],
    ['[0].when.log', { log: '(?=loss)' }, 'neither look-arounds nor references back'],
    ['[0].when.log', { log: '(?<!x)nan' }, 'neither look-arounds nor references back'],
    ['[0].when.log', { log: String.raw`(a+)\1` }, 'neither look-arounds nor references back'],
    ['[0].when.log', { log: '(a{30}){30}' }, 'is too large'],
    ['[0].when', { reason: ['pull-silent'], exitCode: [1] }, 'does not have an exit code of its own'],
    ['[0].when', { reason: ['silent'], signal: ['SIGKILL'] }, 'does not have a signal that ended its command'],
    ['[0].when', { exitCode: [1], signal: ['SIGKILL'] }, 'none of these signals gives one of these exit codes'],
    ['[0].when.stderr', { exitCode: [1], stderr: 'x' }, 'unknown field `stderr`'],
  ])('at %s is refused for %j', (path, when, message) => {
    expect(faultsIn({ when, then: 'retry' })).toEqual({ [path]: expect.stringContaining(message) as string });
  });

  it.each([
    'completed',
    'cancelled',
    'suspended',
    'total-timeout',
    'queued-timeout',
    'invalid-spec',
    'workflow-terminated',
  ])('does not speak of %s', (reason) => {
    expect(faultsIn({ when: { reason: ['silent', reason] }, then: 'retry' })).toEqual({
      '[0].when.reason[1]': `"${reason}" cannot be followed by another attempt, whatever a rule says; leave it out`,
    });
  });

  it('that backtracks elsewhere is looked for in linear time', () => {
    expect(faultsOf([{ when: { log: '(a+)+$' }, then: 'retry' }])).toEqual([]);
  });
});

describe('a change', () => {
  it.each<[string, unknown, string]>([
    ['', { upTo: 3 }, 'must name what to change: one of `memory`, `shm`, `env` and `params`'],
    ['', { memory: 'x2', shm: 'x2', upTo: '8g' }, 'got `memory` and `shm`; leave all but one out'],
    ['.memory', { memory: 'x0.5', upTo: '8g' }, 'must be more than 1, which would change nothing; got "x0.5"'],
    ['.memory', { memory: 'x1', upTo: '8g' }, 'must be more than 1'],
    ['.memory', { memory: '/2', upTo: '8g' }, 'it can only grow'],
    ['.memory', { memory: 2, upTo: '8g' }, 'must be a text of the right form; got 2; write a factor such as "x1.5"'],
    ['.upTo', { memory: 'x2' }, 'is missing: a change has a bound; write such as upTo: "32g"'],
    ['.upTo', { memory: 'x2', upTo: 8 }, 'must be a size; got 8; write such as "32g"'],
    ['.upTo', { memory: 'x2', upTo: '8 GB' }, 'write a size such as "32g" for memory and shm'],
    ['.upTo', { memory: 'x2', upTo: '65t' }, 'must be at most 64t'],
    [
      '.upTo',
      { memory: 'x2', upTo: '512m' },
      'at least what `resources.memory` begins with (1g); got "512m"; raise it',
    ],
    ['.upTo', { shm: 'x2', upTo: '32m' }, 'at least what `resources.shm` begins with (64m)'],
    ['.downTo', { memory: 'x2', upTo: '8g', downTo: 1 }, 'does not fit a change that goes up'],
    ['.params.batch_size', { params: { batch_size: '/1' }, downTo: 1 }, 'must be more than 1'],
    ['.params.batch_size', { params: { batch_size: '-2' }, downTo: 1 }, 'write a factor such as "x2", or a divisor'],
    ['.downTo', { params: { batch_size: '/2' } }, 'is missing: a change has a bound; write such as downTo: 64'],
    [
      '.downTo',
      { params: { batch_size: '/2' }, downTo: 65 },
      'must be at most what `params.batch_size` begins with (64)',
    ],
    ['.downTo', { params: { batch_size: '/2' }, downTo: '1g' }, 'must be a number'],
    ['.upTo', { params: { batch_size: 'x2' }, upTo: '1g' }, 'must be a number; got "1g"; sizes are for memory and shm'],
    ['.upTo', { params: { batch_size: 'x2' }, upTo: 63 }, 'must be at least what `params.batch_size` begins with (64)'],
    ['.params.batchsize', { params: { batchsize: 'x2' }, upTo: 99 }, 'names no parameter; did you mean `batch_size`?'],
    ['.params.depth', { params: { depth: 'x2' }, upTo: 99 }, 'names no parameter; add it to `params`'],
    ['.params.note', { params: { note: 'x2' }, upTo: 99 }, 'is a parameter that is no number'],
    ['', { params: { below: 'x2' }, upTo: 99 }, 'needs a number that is not negative; `params.below` is'],
    ['.params', { params: {}, upTo: 99 }, 'must have at least 1 field'],
    ['.params', { params: { batch_size: 'x2', rate: 'x2' }, upTo: 99 }, 'must have at most 1 field'],
    ['.env.WORKER', { env: { WORKER: 'x2' }, upTo: 99 }, 'names no variable; did you mean `WORKERS`?'],
    ['.env.SECRET', { env: { SECRET: 'x2' }, upTo: 99 }, 'is a variable that is no number; set it to one'],
    ['.env.CPUS', { env: { CPUS: 'x2' }, upTo: 99 }, 'names no variable; add it to `env`'],
    ['.upTo', { env: { WORKERS: 'x2' }, upTo: 4 }, 'must be at least what `env.WORKERS` begins with; got 4; raise it'],
    ['.cpus', { cpus: 'x2', upTo: 4 }, 'unknown field `cpus`'],
  ])('at %s is refused: %j', (path, change, message) => {
    expect(changed(change)).toEqual({ [`[0].change${path}`]: expect.stringContaining(message) as string });
  });

  it('does not go with fail', () => {
    const rule = { when: { exitCode: [1] }, then: 'fail', change: { memory: 'x2', upTo: '8g' } };
    expect(faultsIn(rule)).toEqual({ '[0].change': expect.stringContaining('does not go with "fail"') as string });
  });

  it('never repeats the value of a variable', () => {
    expect(JSON.stringify(changed({ env: { SECRET: 'x2' }, upTo: 1 }))).not.toContain('hunter2');
  });

  it('keeps to what the recipe allows of a parameter', () => {
    const epochs = { type: 'integer' as const, description: 'Epochs.', default: 8, minimum: 2, maximum: 100 };
    const recipe = { name: 'digits', description: 'd', params: { epochs }, spec: { image: 'a:1' } };
    const recipes: RecipeBook = new Map([['digits', recipe]]);
    const rules = [{ ...RULE, change: { params: { epochs: '/2' }, downTo: 1 } }];
    expect(
      validateSubmission({ recipe: 'digits', policy: { retries: { rules } } }, recipes, policyBook([])).faults,
    ).toEqual([
      {
        path: 'policy.retries.rules[0].change.downTo',
        message: 'must be at least 2; got 1; so the recipe says of `epochs`',
      },
    ]);
  });
});

describe('rules among each other', () => {
  const when = { exitCode: [1, 2] };

  it.each<[string, unknown[], string]>([
    [
      'contradict',
      [
        { when, then: 'retry' },
        { when, then: 'fail' },
      ],
      'contradicts policy.retries.rules[0], which is for the same failures and says "retry"',
    ],
    [
      'contradict',
      [
        { when, then: 'fail' },
        { when: { exitCode: ['1-2'] }, then: 'retry-elsewhere' },
      ],
      'says "fail"; keep one of the two',
    ],
    [
      'contradict by what they change',
      [
        { when, then: 'retry' },
        { when, then: 'retry', change: { memory: 'x2', upTo: '8g' } },
      ],
      'has another `change`',
    ],
    [
      'are the same',
      [
        { when, then: 'fail' },
        { when: { exitCode: [2, 1] }, then: 'fail' },
      ],
      'says the same as policy.retries.rules[0]; leave it out',
    ],
    [
      'come too late',
      [
        { when: { exitCode: ['1-9'] }, then: 'retry' },
        { when, then: 'retry-elsewhere' },
      ],
      'can never decide: policy.retries.rules[0] goes first',
    ],
    [
      'come too late',
      [
        { when, then: 'retry' },
        { when: { ...when, log: 'x' }, then: 'retry-elsewhere' },
      ],
      'can never decide',
    ],
    [
      'come too late',
      [
        { when: { exitCode: [137] }, then: 'retry' },
        { when: { signal: ['SIGKILL'] }, then: 'retry-elsewhere' },
      ],
      'can never decide: policy.retries.rules[0] goes first',
    ],
    [
      'come too late',
      [
        { when: { reason: ['silent', 'exit-code'] }, then: 'retry' },
        { when: { reason: ['silent'] }, then: 'retry-elsewhere' },
      ],
      'can never decide',
    ],
  ])('are refused where they %s', (_, rules, message) => {
    expect(faultsIn(...rules)).toEqual({ '[1]': expect.stringContaining(message) as string });
  });

  it('are refused where one that comes later says fail for all of them', () => {
    expect(faultsIn({ when, then: 'retry' }, { when: { exitCode: ['1-9'] }, then: 'fail' })).toEqual({
      '[0]':
        'can never decide: policy.retries.rules[1] says "fail" for whatever this one fits, which goes before "retry"; make that one narrower, or leave this one out',
    });
  });
});

it('tells the faults of all rules at once, those of form beside those of meaning', () => {
  const rules = [
    { when: { exitCode: [0] }, then: 'retry' },
    { when: { log: '(' }, then: 'fail', change: { memory: 'x2', upTo: '8g' } },
    { when: { reason: ['cancelled'] }, then: 'retry', change: { memory: 'x0.5', upTo: '8g' } },
    { when: { exitCode: [3] }, then: 'retry' },
    { when: { exitCode: [3] }, then: 'fail' },
  ];
  const faults = faultsOf(rules, { ...FIELDS, resources: { memory: 'much' } });
  expect(faults.map(({ path }) => path.replace('policy.retries.rules', '')).toSorted()).toEqual([
    '[0].when.exitCode[0]',
    '[1].change',
    '[1].when.log',
    '[2].change.memory',
    '[2].when.reason[0]',
    '[4]',
    'resources.memory',
  ]);
});
