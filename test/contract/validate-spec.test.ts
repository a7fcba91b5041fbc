import type { Fault } from '../../contract/fault';
import type { RunSpec } from '../../contract/spec';
import { SPEC_LIMIT_BYTES, validateSpec } from '../../contract/validate-spec';

const IMAGE = { image: 'trainyard/digits:1' };

function accept(input: object): RunSpec {
  const check = validateSpec({ ...IMAGE, ...input });
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check.spec;
}

function refuse(input: unknown): Fault[] {
  return validateSpec(input).faults ?? [];
}

/** The message of the one fault that is expected at a path. */
function faultAt(path: string, fields: object): string {
  const faults = refuse({ ...IMAGE, ...fields });
  expect(faults.map((fault) => fault.path)).toEqual([path]);
  return faults[0]!.message;
}

describe('an accepted spec', () => {
  it('has every default filled in, to the deepest', () => {
    expect(accept({})).toEqual({
      name: 'digits',
      image: 'trainyard/digits:1',
      pullPolicy: 'if-not-present',
      params: {},
      env: {},
      mounts: [],
      resources: { cpus: 1, memory: '2g', shm: '64m', pids: 512, gpus: 0 },
      pool: 'default',
      project: 'default',
      owner: 'nobody',
      priority: 50,
      preemptible: false,
      nodes: 1,
      placement: { labels: {} },
      network: 'none',
      user: '1000:1000',
      policy: {
        timeouts: {
          queued: '24h',
          pull: '60m',
          pullSilence: '5m',
          start: '2m',
          running: '12h',
          unreachable: '30m',
          total: '36h',
          grace: '30s',
        },
        retries: { attempts: 1, delay: '10s', factor: 1, maxDelay: '5m', infrastructure: 5, sameFailure: 2, rules: [] },
      },
      labels: {},
      logs: {},
      notify: [],
    });
  });

  it('keeps what was written beside the defaults of the same object', () => {
    const spec = accept({ resources: { memory: '4G' }, policy: { retries: { attempts: 3 } } });
    expect(spec.resources).toEqual({ cpus: 1, memory: '4G', shm: '64m', pids: 512, gpus: 0 });
    expect(spec.policy.retries).toMatchObject({ attempts: 3, delay: '10s' });
  });

  it('leaves its input as it was', () => {
    const input = { ...IMAGE, mounts: [{ source: '/data/', target: '/data' }], resources: {} };
    const before = structuredClone(input);
    validateSpec(input);
    expect(input).toEqual(before);
  });

  it.each([
    ['digits', 'digits'],
    ['registry.example:5000/team/model:v2', 'model'],
    [`team/model@sha256:${'a'.repeat(64)}`, 'model'],
    ['localhost:5000/a__b:1', 'a__b'],
  ])('is named after the image %s as %s', (image, name) => {
    expect(accept({ image }).name).toBe(name);
  });

  it('never runs with the group of root because none was written', () => {
    expect(accept({ user: '1234' }).user).toBe('1234:1234');
  });

  it('has paths of mounts in their plain form, read-only unless told otherwise', () => {
    expect(accept({ mounts: [{ source: '/data//digits/', target: '/./data/' }] }).mounts).toEqual([
      { source: '/data/digits', target: '/data', readOnly: true },
    ]);
  });

  it('has no folder for checkpoints unless it is asked for, and then with its defaults', () => {
    expect(accept({})).not.toHaveProperty('checkpoint');
    expect(accept({ checkpoint: {} }).checkpoint).toEqual({ path: '/checkpoints', keep: 3 });
    expect(accept({ checkpoint: { path: '/state//saved/', keep: 1 } }).checkpoint).toEqual({
      path: '/state/saved',
      keep: 1,
    });
  });

  it('may name parameters after what every object has', () => {
    const spec = accept({ params: { constructor: 1, toString: 'x' }, command: ['a', '{{params.constructor}}'] });
    expect(Object.keys(spec.params)).toEqual(['constructor', 'toString']);
  });
});

describe('times that were left out give way to those that were written', () => {
  it('shortens parts to a short total', () => {
    const { timeouts } = accept({ policy: { timeouts: { total: '30m' } } }).policy;
    expect(timeouts).toMatchObject({ queued: '30m', pull: '30m', start: '2m', running: '30m', total: '30m' });
  });

  it('lengthens the total for a long part', () => {
    expect(accept({ policy: { timeouts: { running: '3d' } } }).policy.timeouts.total).toBe('4d');
  });

  it('keeps the default total where the parts fit it', () => {
    expect(accept({ policy: { timeouts: { running: '1h' } } }).policy.timeouts.total).toBe('36h');
  });

  it('refuses a part longer than the total only where both were written', () => {
    const message = faultAt('policy.timeouts.running', { policy: { timeouts: { running: '2h', total: '1h' } } });
    expect(message).toBe(
      'must be at most `policy.timeouts.total` (1h), of which it is a part; got "2h"; raise the total, or lower this',
    );
  });

  it('fits the delays of retries to each other', () => {
    expect(accept({ policy: { retries: { delay: '10m' } } }).policy.retries.maxDelay).toBe('10m');
    expect(accept({ policy: { retries: { maxDelay: '1s' } } }).policy.retries.delay).toBe('1s');
    faultAt('policy.retries.maxDelay', { policy: { retries: { delay: '10m', maxDelay: '1m' } } });
  });
});

describe('a refused spec', () => {
  it('tells every fault at once, each with its path as written', () => {
    const faults = refuse({
      image: 'Not An Image',
      command: [],
      env: { OMP_NUM_THREADS: 1 },
      resources: { memory: '4 GB', cpus: 'many' },
      policy: { retries: { attempts: 0, rules: [{ when: { exitCode: [1, 300] }, then: 'explode' }] } },
      mounts: [{ source: 'data', target: '/data' }],
      user: 'root',
    });
    expect(faults.map(({ path }) => path).toSorted()).toEqual([
      'command',
      'env.OMP_NUM_THREADS',
      'image',
      'mounts[0].source',
      'policy.retries.attempts',
      'policy.retries.rules[0].then',
      'policy.retries.rules[0].when.exitCode[1]',
      'resources.cpus',
      'resources.memory',
      'user',
    ]);
  });

  it('tells faults of form and of meaning together', () => {
    const faults = refuse({ ...IMAGE, network: 'host', user: '0', resources: { memory: '1m' }, labels: { a: 1 } });
    expect(faults.map(({ path }) => path).toSorted()).toEqual(['labels.a', 'network', 'resources.memory', 'user']);
  });

  it.each<[string, object, string]>([
    [
      'logs.retention',
      { logs: { retention: 'for ever' } },
      'must be a text of the right form; got "for ever"; write a duration such as "90d" or "12h", or "forever"',
    ],
    ['logs.retention', { logs: { retention: '0d' } }, 'must be more than 0; got "0d"; write a duration such as "90d"'],
    [
      'resources.memory',
      { resources: { memory: '4 GB' } },
      'must be a text of the right form; got "4 GB"; write a size such as "500m" or "4g" (units b, k, m, g, t; powers of 1024)',
    ],
    [
      'policy.retries.rules[0].then',
      { policy: { retries: { rules: [{ when: { exitCode: [1] }, then: 'again' }] } } },
      'must be "retry", "retry-elsewhere" or "fail"; got "again"',
    ],
    [
      'policy.retries.attempts',
      { policy: { retries: { attempts: 11 } } },
      'must be at most 10; got 11; write a whole number from 1 to 10',
    ],
    [
      'command',
      { command: [] },
      'must have at least 1 item; got an empty list; write the program and its arguments as a list, such as ["python3", "train.py"], or leave it out to use the image\'s own',
    ],
    ['comand', { comand: ['x'] }, 'unknown field `comand`; did you mean `command`?'],
    ['memory', { memory: '4g' }, 'unknown field `memory`; did you mean `resources.memory`?'],
    [
      'resources.colour',
      { resources: { colour: 1 } },
      'unknown field `colour`; known are `cpus`, `memory`, `shm`, `pids`, `gpus`, `gpuModel`, `gpuMemory`',
    ],
    [
      'labels["a b"]',
      { labels: { 'a b': 'x' } },
      '"a b" cannot be a name here; name a label with letters, digits, dots, dashes or slashes, and give it a text of at most 255 characters',
    ],
  ])('says at %s what is wrong and what would be right', (path, fields, message) => {
    expect(faultAt(path, fields)).toBe(message);
  });

  it('says that the image is missing', () => {
    expect(refuse({})).toEqual([{ path: 'image', message: expect.stringMatching(/^is missing; write an image name/) }]);
  });

  it('does not repeat the value of a variable, which may be a password', () => {
    const message = faultAt('env.PASSWORD', { env: { PASSWORD: 123456789 } });
    expect(message).toMatch(/^must be a text; got a number; .*put its value in quotes$/);
  });

  it.each([null, 'text', 3, true, []])('refuses %j as a whole', (input) => {
    expect(refuse(input)).toEqual([{ path: '', message: expect.stringContaining('must be an object') }]);
  });
});

describe('what cannot be asked for', () => {
  it.each([
    'privileged',
    'devices',
    'pid',
    'ipc',
    'capAdd',
    'cap_add',
    'security-opt',
    'network_mode',
    'userns',
    'sysctls',
  ])('refuses %s for good', (field) => {
    expect(faultAt(field, { [field]: true })).toMatch(new RegExp(`^\`${field}\` cannot be asked for: `));
  });

  it.each(['host', 'bridge', 'default', 'container:other'])('refuses the network %s', (network) => {
    expect(faultAt('network', { network })).toMatch(/write "(none|egress)"/);
  });

  it.each(['0', '0:0', '1000:0', '0:1000', '00:1000'])('refuses the user %s', (user) => {
    expect(faultAt('user', { user })).toContain('must not be root');
  });

  it.each([
    '/',
    '//',
    '/./',
    '/proc',
    '/proc/1/root',
    '/sys',
    '/dev/sda',
    '/var/run',
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/mnt/docker.sock',
    '/var/lib/docker/volumes',
    '/data/../etc',
    '/data:/etc',
  ])('refuses to mount %s', (source) => {
    faultAt('mounts[0].source', { mounts: [{ source, target: '/data' }] });
  });

  it.each(['//', '/.', '/trainyard', '/trainyard/params.json', '/artifacts', '/proc', '/sys/x', '/dev/shm', '/a/../b'])(
    'refuses to mount at %s',
    (target) => {
      faultAt('mounts[0].target', { mounts: [{ source: '/data', target }] });
    },
  );

  it('refuses two mounts at one place', () => {
    const mounts = [
      { source: '/data/a', target: '/data' },
      { source: '/data/b', target: '/data/' },
    ];
    expect(faultAt('mounts[1].target', { mounts })).toContain('mounts[0]');
  });

  it.each([
    '//',
    '/.',
    '/trainyard',
    '/trainyard/params.json',
    '/artifacts',
    '/artifacts/a',
    '/proc',
    '/a/../b',
    '/a:b',
  ])('refuses checkpoints at %s', (path) => {
    faultAt('checkpoint.path', { checkpoint: { path } });
  });

  it.each(['/data', '/data/', '/data/in', '/'.concat('data/./in'), '/'])(
    'refuses checkpoints that overlap a mount at /data/in or around it: %s',
    (path) => {
      faultAt('checkpoint.path', { checkpoint: { path }, mounts: [{ source: '/d', target: '/data/in' }] });
    },
  );

  it('refuses checkpoints in a mount, and says which, also where the path is the default', () => {
    const mounts = [
      { source: '/d', target: '/data' },
      { source: '/c', target: '/checkpoints' },
    ];
    expect(faultAt('checkpoint.path', { checkpoint: {}, mounts })).toBe(
      'overlaps mounts[1].target (/checkpoints); write a folder that lies apart from every mount',
    );
    expect(accept({ checkpoint: { path: '/data-out' }, mounts: mounts.slice(0, 1) }).checkpoint?.path).toBe(
      '/data-out',
    );
  });

  it.each([0, 1001, 1.5, '3'])('refuses to keep %j checkpoints', (keep) => {
    expect(faultAt('checkpoint.keep', { checkpoint: { keep } })).toContain('write a whole number from 1 to 1000');
  });

  it.each(['TRAINYARD_RUN_ID', 'TRAINYARD_X', 'NVIDIA_VISIBLE_DEVICES'])('refuses the variable %s', (name) => {
    faultAt(`env.${name}`, { env: { [name]: 'x' } });
  });
});

describe('limits of meaning', () => {
  it.each<[string, object]>([
    ['resources.memory', { resources: { memory: '5m' } }],
    ['resources.memory', { resources: { memory: '99999999999t' } }],
    ['resources.shm', { resources: { shm: '0m' } }],
    ['resources.cpus', { resources: { cpus: '5m' } }],
    ['resources.cpus', { resources: { cpus: 0 } }],
    ['policy.timeouts.running', { policy: { timeouts: { running: '0s' } } }],
    ['policy.timeouts.grace', { policy: { timeouts: { grace: '61m' } } }],
    ['policy.timeouts.queued', { policy: { timeouts: { queued: '366d' } } }],
    ['policy.retries.delay', { policy: { retries: { delay: `${'9'.repeat(400)}d` } } }],
    ['user', { user: '4294967295:1' }],
    ['command[0]', { command: [''] }],
    ['command[0]', { command: ['{{params.empty}}'], params: { empty: '' } }],
    ['command[1]', { command: ['sh', 'a\0b'] }],
    ['params.Epochs', { params: { epochs: 1, Epochs: 2 } }],
  ])('refuses %s out of bounds', (path, fields) => {
    faultAt(path, fields);
  });

  it('lets a container be killed at once', () => {
    expect(accept({ policy: { timeouts: { grace: '0s' } } }).policy.timeouts.grace).toBe('0s');
  });

  it('refuses a placeholder without a parameter, in command and env', () => {
    const faults = refuse({ ...IMAGE, command: ['x', '--n={{ params.epoch }}'], env: { N: '{{params.n}}' } });
    expect(faults).toEqual([
      { path: 'command[1]', message: '{{params.epoch}} names no parameter; add it to `params`' },
      { path: 'env.N', message: '{{params.n}} names no parameter; add it to `params`' },
    ]);
  });

  it('refuses a spec that is too large, or grows too large with its parameters', () => {
    const large = 'x'.repeat(130_000);
    expect(refuse({ ...IMAGE, command: ['a', large, large, large] })[0]!.message).toContain(
      `larger than ${SPEC_LIMIT_BYTES / 1024} KiB`,
    );
    const growing = { params: { a: 'x'.repeat(4000) }, command: ['a', '{{params.a}}'.repeat(1000)] };
    expect(refuse({ ...IMAGE, ...growing })[0]!.message).toContain('larger than 1 MiB');
  });
});

describe('fields whose behaviour does not exist yet', () => {
  it.each<[string, object]>([
    ['secrets', { secrets: ['KEY'] }],
    ['artifacts', { artifacts: ['/artifacts/**'] }],
  ])('refuses %s as not supported yet', (path, fields) => {
    expect(faultAt(path, fields)).toContain('is not supported yet');
  });
});
