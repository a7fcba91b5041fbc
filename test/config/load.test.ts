import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError } from '../../config/config-error';
import { loadConfig } from '../../config/load';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainyard-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(env: NodeJS.ProcessEnv = {}, yaml?: string) {
  const file = join(folder, 'trainyard.yaml');
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig({ env, folder, hostname: 'Node-1.Lab', ...(yaml === undefined ? {} : { file }) });
}

function faultsOf(env: NodeJS.ProcessEnv, yaml?: string) {
  try {
    load(env, yaml);
  } catch (error) {
    if (error instanceof ConfigError) return [...error.faults];
    throw error;
  }
  return [];
}

it('has a value for every setting without file and environment', () => {
  expect(load()).toMatchObject({
    data: join(folder, 'data'),
    logLevel: 'info',
    api: { host: '127.0.0.1', port: 8000, allowRemote: false, bodyLimitBytes: 1_048_576 },
    temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    worker: { roles: ['control', 'host'], maxFollows: 1000, echoTraining: false },
    host: { name: 'node-1-lab', dockerHost: 'unix:///var/run/docker.sock', mountRoots: [], networks: [] },
    recipes: join(__dirname, '../../recipes'),
    defaultRecipe: 'digits',
  });
});

it('takes the file over the defaults, and the environment over the file', () => {
  const config = load(
    { TRAINYARD_API_PORT: '9001', TRAINYARD_MOUNT_ROOTS: '/data, /mnt/sets,' },
    'api: { port: 9000, bodyLimitBytes: 2048 }\nhost: { name: lab, mountRoots: [/old] }\n',
  );
  expect(config.api).toMatchObject({ port: 9001, bodyLimitBytes: 2048, host: '127.0.0.1' });
  expect(config.host).toMatchObject({ name: 'lab', mountRoots: ['/data', '/mnt/sets'] });
});

it('finds the file that TRAINYARD_CONFIG names', () => {
  writeFileSync(join(folder, 'mine.yaml'), 'logLevel: debug\n');
  expect(load({ TRAINYARD_CONFIG: 'mine.yaml' }).logLevel).toBe('debug');
});

it('takes an empty file, and an empty variable, for nothing', () => {
  expect(load({ TRAINYARD_API_PORT: '', TRAINYARD_HOST_NAME: ' ' }, '# nothing yet\n').api.port).toBe(8000);
});

it.each([
  ['true', true],
  ['1', true],
  ['FALSE', false],
  ['0', false],
])('reads %s as a switch', (text, value) => {
  expect(load({ TRAINYARD_ECHO_TRAINING: text }).worker.echoTraining).toBe(value);
});

it('tells every fault of every source at once, with where it stands and what would be right', () => {
  const file = join(folder, 'trainyard.yaml');
  const env = {
    TRAINYARD_API_PORT: 'http',
    TRAINYARD_ECHO_TRAINING: 'yes',
    TRAINYARD_WORKER_MAX_FOLLOWS: '0',
    TRAINYARD_WORKER_ROLES: 'control,cook',
  };
  expect(faultsOf(env, 'temporal: { adress: "x:1" }\nhost: { name: Lab One }\nlogs: { segmentBytes: many }\n')).toEqual(
    [
      { source: 'TRAINYARD_API_PORT', path: 'api.port', message: 'must be a whole number; got "http"' },
      {
        source: 'TRAINYARD_ECHO_TRAINING',
        path: 'worker.echoTraining',
        message: 'must be "true", "false", "1" or "0"; got "yes"',
      },
      { source: file, path: 'temporal.adress', message: 'unknown field `adress`; did you mean `address`?' },
      { source: 'TRAINYARD_WORKER_MAX_FOLLOWS', path: 'worker.maxFollows', message: 'must be at least 1; got 0' },
      { source: file, path: 'host.name', message: expect.stringContaining('got "Lab One"') },
      { source: file, path: 'logs.segmentBytes', message: 'must be a whole number; got "many"' },
      { source: 'TRAINYARD_WORKER_ROLES', path: 'worker.roles[1]', message: expect.stringContaining('got "cook"') },
    ],
  );
});

it('says all of it in its message', () => {
  expect(() => load({ TRAINYARD_API_PORT: 'x', TRAINYARD_LOG_LEVEL: 'loud' })).toThrow(
    [
      'The settings cannot be used:',
      '  TRAINYARD_API_PORT: api.port must be a whole number; got "x"',
      '  TRAINYARD_LOG_LEVEL: logLevel must be one of "debug", "info", "warn", "error"; got "loud"',
    ].join('\n'),
  );
});

it.each<[string, NodeJS.ProcessEnv]>([
  ['api.host', { TRAINYARD_API_HOST: '0.0.0.0' }],
  ['api.host', { TRAINYARD_API_HOST: '127.0.0.1.example.com' }],
  ['temporal.address', { TEMPORAL_ADDRESS: 'localhost' }],
  ['temporal.address', { TEMPORAL_ADDRESS: 'http://localhost:7233' }],
  ['host.mountRoots[1]', { TRAINYARD_MOUNT_ROOTS: '/data,sets' }],
  ['host.mountRoots[0]', { TRAINYARD_MOUNT_ROOTS: '//' }],
  ['host.networks[0]', { TRAINYARD_NETWORKS: 'host' }],
  ['host.networks[0]', { TRAINYARD_NETWORKS: 'egress' }],
  ['host.labels[0]', { TRAINYARD_HOST_LABELS: 'rack' }],
  ['host.labels[1]', { TRAINYARD_HOST_LABELS: 'rack=r1,rack=r2' }],
  ['host.memory', { TRAINYARD_HOST_MEMORY: '200' }],
  ['host.gpus[1]', { TRAINYARD_HOST_GPUS: 'GPU-1:H100:80g,GPU-2:H100' }],
  ['host.gpus[0]', { TRAINYARD_HOST_GPUS: 'none,GPU-2:H100:80g' }],
  ['host.gpus[1]', { TRAINYARD_HOST_GPUS: 'GPU-1:H100:80g,GPU-1:H100:80g' }],
  ['api.publicUrl', { TRAINYARD_API_PUBLIC_URL: 'trainyard.example' }],
  ['notify.allowedPrivate[1]', { TRAINYARD_NOTIFY_ALLOW_PRIVATE: '10.0.0.1,10.0.0.0/33' }],
  ['notify.allowedPrivate[0]', { TRAINYARD_NOTIFY_ALLOW_PRIVATE: '10.0.0' }],
  ['notify.allowedPrivate[0]', { TRAINYARD_NOTIFY_ALLOW_PRIVATE: 'fd00::/129' }],
  ['notify.allowedPrivate[0]', { TRAINYARD_NOTIFY_ALLOW_PRIVATE: 'hooks.internal:8080' }],
  ['notify.allowedPrivate[0]', { TRAINYARD_NOTIFY_ALLOW_PRIVATE: 'http://hooks.internal' }],
])('refuses %s as in %j', (path, env) => {
  expect(faultsOf(env)).toEqual([{ source: Object.keys(env)[0], path, message: expect.any(String) }]);
});

it('refuses to remove images only after starts are refused', () => {
  expect(faultsOf({ TRAINYARD_HOST_DISK_CLEAN_AT: '95' })).toEqual([
    expect.objectContaining({ path: 'host.disk.cleanAt', source: 'TRAINYARD_HOST_DISK_CLEAN_AT' }),
  ]);
});

it('takes addresses, networks and names that notifications may go to, a folder of secrets, and an address for links', () => {
  const allowed = ['10.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1', 'hooks.internal', 'localhost'];
  const config = load({
    TRAINYARD_NOTIFY_ALLOW_PRIVATE: allowed.join(),
    TRAINYARD_SECRETS: 'secrets',
    TRAINYARD_API_PUBLIC_URL: 'https://trainyard.example/base/',
  });
  expect(config.notify.allowedPrivate).toEqual(allowed);
  expect(config.secrets.folder).toBe(join(folder, 'secrets'));
  expect(config.api.publicUrl).toBe('https://trainyard.example/base');
  expect(load().secrets.folder).toBe('');
});

it('listens elsewhere only where that is asked for in so many words', () => {
  const env = { TRAINYARD_API_HOST: '0.0.0.0', TRAINYARD_API_ALLOW_REMOTE: 'true' };
  expect(load(env).api.host).toBe('0.0.0.0');
});

it.each([
  ['api: [', 'is no YAML'],
  ['api: 1\napi: 2', 'is no YAML: Map keys must be unique'],
  ['- a\n- b', 'must be an object'],
  ['just words', 'must be an object'],
])('refuses the file %j', (yaml, message) => {
  expect(faultsOf({}, yaml)).toEqual([
    { source: join(folder, 'trainyard.yaml'), path: '', message: expect.stringContaining(message) },
  ]);
});

it('refuses a file that is not there, and still tells the faults of the environment', () => {
  const faults = faultsOf({ TRAINYARD_CONFIG: 'gone.yaml', TRAINYARD_API_PORT: 'x' });
  expect(faults.map(({ source }) => source)).toEqual([join(folder, 'gone.yaml'), 'TRAINYARD_API_PORT']);
  expect(faults[0]!.message).toBe('does not exist');
});

it.each(['', '---', '127.0.0.1', 'ünïcode'])('gives a host a name though the machine is called %j', (hostname) => {
  expect(loadConfig({ env: {}, hostname }).host.name).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
});
