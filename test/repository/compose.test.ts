import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { parse } from 'yaml';

import { SEARCH_ATTRIBUTES } from '../../contract/names';
import { ComposeSchema } from './compose-schema';
import { REPOSITORY } from './scratch-project';

type Compose = Static<typeof ComposeSchema>;

const read = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8');
const readCompose = () => parse(read('docker-compose.yml'), { merge: true }) as Compose;

describe('docker-compose.yml', () => {
  const compose = readCompose();
  const services = Object.entries(compose.services);
  const lasting = services.filter(([, service]) => !service.restart.startsWith('on-failure'));

  test('has the form of a Compose file', () => {
    expect(faultsOf(compose)).toEqual([]);
  });

  test.each([
    ['a misspelt key', (file: Compose) => Object.assign(file.services.api!, { health_check: {} })],
    ['a port that is a number', (file: Compose) => Object.assign(file.services.api!, { ports: [8000] })],
    [
      'a condition that does not exist',
      (file: Compose) => (file.services.api!.depends_on = { a: { condition: 'healthy' as never } }),
    ],
    ['a section that does not exist', (file: Compose) => Object.assign(file, { service: {} })],
    ['a privileged service', (file: Compose) => Object.assign(file.services.worker!, { privileged: true })],
  ])('is checked strictly enough to see %s', (_, spoil) => {
    const spoilt = readCompose();
    spoil(spoilt);

    expect(faultsOf(spoilt)).not.toEqual([]);
  });

  test('has Temporal with its database and its Web UI, the API and the worker', () => {
    expect(lasting.map(([name]) => name).sort()).toEqual(['api', 'postgresql', 'temporal', 'temporal-ui', 'worker']);
  });

  test.each(lasting)('%s has a health check, comes back after a restart and is given time to stop', (_, service) => {
    expect(service).toMatchObject({
      healthcheck: { test: expect.arrayContaining(['CMD']) },
      restart: 'unless-stopped',
      stop_grace_period: expect.any(String),
    });
  });

  test('every service waits for one that exists, and can be waited for in that way', () => {
    for (const [name, service] of services) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const awaited = compose.services[other];
        const ends = awaited?.restart.startsWith('on-failure');
        expect([name, other, condition]).toEqual([
          name,
          other,
          ends ? 'service_completed_successfully' : awaited?.healthcheck && 'service_healthy',
        ]);
      }
    }
  });

  test('publishes ports on 127.0.0.1 only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);

    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('gives our services no privilege, and the engine to the worker alone', () => {
    for (const name of ['api', 'worker']) {
      expect(compose.services[name]).toMatchObject({
        cap_drop: ['ALL'],
        read_only: true,
        security_opt: ['no-new-privileges:true'],
        user: expect.not.stringMatching(/^(root|0)/),
      });
    }
    const withEngine = services.filter(([, { volumes }]) => volumes?.some((one) => one.includes('docker.sock')));
    expect(withEngine.map(([name]) => name)).toEqual(['worker']);
  });

  test.each(['api', 'worker'])('%s sees the data folder at the path that it has on the host', (name) => {
    const [outside, inside] = substitute(compose.services[name]!.volumes!.at(-1)!).split(':');

    expect(inside).toBe(outside);
    expect(substitute(compose.services[name]!.environment!.TRAINYARD_DATA!)).toBe(outside);
  });

  test('names networks, volumes, files and commands that exist', () => {
    for (const [, service] of services) {
      for (const network of service.networks ?? []) expect(Object.keys(compose.networks)).toContain(network);
      for (const volume of service.volumes ?? []) {
        const [source] = substitute(volume).split(':') as [string];
        if (source.startsWith('./')) expect([source, existsSync(join(REPOSITORY, source))]).toEqual([source, true]);
        else if (!source.startsWith('/')) expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
    for (const name of ['api', 'worker']) {
      const program = compose.services[name]!.command!.at(-1)!;
      const source = program.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      expect([source, existsSync(join(REPOSITORY, source))]).toEqual([source, true]);
    }
  });

  test('pins every image by a tag that is a version', () => {
    const images = services.map(([, { image }]) => substitute(image));

    for (const image of images) expect(image).toMatch(/^[a-z/-]+:[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)?$/);
  });
});

describe('.env.example', () => {
  const settings = Object.fromEntries(
    [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );
  const used = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g)];

  test('holds every variable of docker-compose.yml, and no other', () => {
    expect(Object.keys(settings).sort()).toEqual([...new Set(used.map(([, name]) => name!))].sort());
  });

  test('shows the values that hold where a variable is not set', () => {
    const defaults = used.filter(([, , kind]) => kind === '-');

    for (const [, name, , value] of defaults) expect([name, settings[name!]]).toEqual([name, value]);
  });

  test('has a line of explanation above every variable or group of them', () => {
    const lines = read('.env.example').split('\n');

    for (const [index, line] of lines.entries()) {
      if (/^[A-Z_]+=/.test(line))
        expect([line, lines[index - 1]]).toEqual([line, expect.stringMatching(/^#|^[A-Z_]+=/)]);
    }
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  test('builds every stage on one base, the one of docker-compose.yml', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    const [, fallback] = /^ARG BASE_IMAGE=(\S+)$/m.exec(dockerfile)!;

    expect(new Set(bases)).toEqual(new Set(['${BASE_IMAGE}']));
    expect(read('docker-compose.yml')).toContain('${BASE_IMAGE:-' + fallback + '}');
  });

  test('runs as nobody special', () => {
    expect(dockerfile.split(/^FROM /m).at(-1)).toMatch(/^USER 1000:1000$/m);
  });

  test('gets every folder that the build reads, and neither settings nor data', () => {
    const carried = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
    const { exclude } = JSON.parse(read('tsconfig.build.json')) as { exclude: string[] };
    const built = include.filter((folder) => !exclude.includes(folder));

    expect(carried).toEqual(
      expect.arrayContaining([...built, 'recipes', 'policies', 'package-lock.json', 'script/lib']),
    );
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(carried.filter((path) => /^(\.env|data|node_modules|dist)/.test(path))).toEqual([]);
  });
});

describe('the set-up of Temporal', () => {
  test('registers the search attributes of the contract', () => {
    const [, names] = /^attributes='(.+)'$/m.exec(read('deploy/temporal/setup-namespace.sh'))!;

    expect(names!.split(' ')).toEqual([...SEARCH_ATTRIBUTES]);
  });

  test('uses server and tools of one version', () => {
    const { services } = readCompose();
    const tagOf = (name: string) => substitute(services[name]!.image).split(':').at(-1);

    expect(new Set(['temporal', 'temporal-schema', 'temporal-namespace'].map(tagOf)).size).toBe(1);
  });
});

function faultsOf(compose: Compose): string[] {
  const sections = Object.fromEntries(Object.entries(compose).filter(([name]) => !name.startsWith('x-')));
  return [...Value.Errors(ComposeSchema, sections)].map(({ path, message }) => `${path}: ${message}`);
}

/** The text with the defaults of its variables, as where no .env stands. */
function substitute(text: string): string {
  return text.replace(/\$\{[A-Z_]+(?::-([^}]*))?[^}]*\}/g, (_, fallback?: string) => fallback ?? 'set');
}
