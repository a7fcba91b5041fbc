import type { HostDetail, PoolDetail, QueuedRun } from '../../contract/pool-http';
import { POOL_DEFAULTS } from '../../contract/pool';
import { writePoolSettings } from '../../contract/pool-settings';
import { hostReport } from '../helpers/host-report';
import { specOf } from '../helpers/fake-host';
import { cli, type Handler, sampleRun, sendJson, startServer, type TestServer } from './cli-harness';

const GIB = 1024 ** 3;

const HOST: HostDetail = {
  ...hostReport({
    name: 'box',
    cpus: 8,
    memoryBytes: 64 * GIB,
    labels: { rack: 'r12' },
    flags: ['live-restore is off.'],
    gpus: [0, 1].map((index) => ({
      id: `GPU-${index}`,
      index,
      model: 'NVIDIA H100',
      memoryBytes: 80 * GIB,
      mig: false,
      trouble: index === 1 ? 'not-freed' : null,
      detail: index === 1 ? 'run a still has it' : null,
    })),
  }),
  source: 'pool',
  state: 'draining',
  intent: 'draining',
  used: { cpus: 2.5, memoryBytes: 4 * GIB, gpus: ['GPU-0'] },
  free: { cpus: 5.5, memoryBytes: 60 * GIB, gpus: [] },
  runs: ['digits-abc'],
  unleased: [],
};

const WAITING: QueuedRun = {
  runId: 'digits-abc',
  place: 1,
  queued: 3,
  waitsFor: 'waits for 2 GPUs: host box has 0 free',
  freedBy: 'the end of run x',
  estimatedStart: new Date(Date.now() + 7_200_000 + 30_000).toISOString(),
  cause: 'capacity',
  project: 'vision',
  owner: 'ada',
  priority: 50,
  effectivePriority: 53.4,
  submittedAt: new Date(Date.now() - 600_000).toISOString(),
  cpus: 4,
  memoryBytes: GIB,
  gpus: 2,
  nodes: 1,
};

const POOL: PoolDetail = {
  name: 'default',
  source: 'pool',
  hosts: 2,
  readyHosts: 1,
  cpus: { all: 16, used: 2.5 },
  memoryBytes: { all: 128 * GIB, used: 4 * GIB },
  gpus: { all: 2, used: 1 },
  running: 1,
  queued: 3,
  settings: writePoolSettings(POOL_DEFAULTS),
  hostNames: ['box', 'other'],
  queue: [WAITING],
  leases: [],
  unleased: [],
  projects: [{ project: 'vision', weight: 3, runs: 1, cpus: 2.5, gpus: 1, queued: 3 }],
  owners: [
    { owner: 'ada', queued: 2, mostQueued: 4 },
    { owner: 'bob', queued: 1, mostQueued: null },
  ],
  reservations: [],
};

let server: TestServer;
let handler: Handler;
let sent: unknown;

beforeAll(async () => {
  server = await startServer((request, response) => {
    sent = request.body === '' ? undefined : JSON.parse(request.body);
    return handler(request, response);
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.splice(0);
});

const on = (...args: string[]) => cli([...args, '--server', server.url]);
const answering = (document: unknown): void => {
  handler = (_, response) => sendJson(response, document);
};

describe('trainyard hosts', () => {
  it('lists what hosts have, what of it is used, and what is the matter', async () => {
    answering({ items: [HOST], next: null });
    const { code, out, err } = await on('hosts');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')[1]).toBe(
      'box   default  draining  26.1.5  2.5/8  4.0 GiB/64.0 GiB  1/2 (1 in trouble)  50 %  1     1 to mend',
    );
  });

  it('says where nobody knows what is given out', async () => {
    answering({ items: [{ ...HOST, source: 'reports', state: 'lost', used: null, free: null }], next: null });
    const { out, err } = await on('hosts');
    expect(out).toMatch(/^box +default +lost +26.1.5 +8 +64.0 GiB +2 /m);
    expect(err).toContain('What is given out is not known');
  });

  it('shows all of one', async () => {
    answering(HOST);
    const { out } = await on('hosts', 'show', 'box');
    for (const line of [
      /^labels +rack=r12$/m,
      /^CPUs +8, 5.5 free$/m,
      /^0 +GPU-0 +NVIDIA H100 +80.0 GiB +used$/m,
      /^1 +GPU-1 .*not-freed: run a still has it$/m,
      /^live-restore is off\.$/m,
      /^digits-abc$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  it.each([
    ['cordon', 'takes no new runs'],
    ['drain', 'takes no new runs and empties itself'],
    ['uncordon', 'takes runs'],
  ])('%s asks for each that is named, and says who asks', async (verb, done) => {
    answering(HOST);
    const { out } = await on('hosts', verb, 'box', 'other');
    expect(out).toBe(`box ${done}\nother ${done}\n`);
    expect(server.requests).toEqual([`POST /v1/hosts/box/${verb}`, `POST /v1/hosts/other/${verb}`]);
    expect(sent).toEqual({ by: 'tester' });
  });

  it('remove takes each out that is named, and says why one stays', async () => {
    const detail = 'The host "busy" holds the place of "digits-abc".';
    handler = (request, response) => {
      if (request.url!.endsWith('/busy')) sendJson(response, { title: 'The host cannot be removed', detail }, 409);
      else response.writeHead(204).end();
    };
    expect(await on('hosts', 'remove', 'box', 'other')).toMatchObject({
      code: 0,
      out: 'box is removed\nother is removed\n',
    });
    expect(server.requests).toEqual(['DELETE /v1/hosts/box', 'DELETE /v1/hosts/other']);
    expect(JSON.parse((await on('hosts', 'remove', 'box', '--json')).out)).toEqual({ removed: ['box'] });
    expect(await on('hosts', 'remove', 'busy')).toMatchObject({ code: 2, err: expect.stringContaining(detail) });
  });
});

describe('trainyard pools and queue', () => {
  it('list pools and show one', async () => {
    answering({ items: [POOL], next: null });
    expect((await on('pools')).out).toMatch(/^default +1\/2 ready +2.5\/16 +4.0 GiB\/128 GiB +1\/2 +1 +3$/m);
    answering(POOL);
    const { out } = await on('pools', 'show');
    expect(out).toMatch(/^ageing: 10m$/m);
    expect(out).toMatch(/^vision +3 +1 +2.5 +1 +3$/m);
    expect(out).toMatch(/^OWNER +QUEUED +AT MOST\nada +2 +4\nbob +1 +-$/m);
    expect(server.requests.at(-1)).toBe('GET /v1/pools/default');
  });

  it('show what waits, in order, and why', async () => {
    answering(POOL);
    const { out, err } = await on('queue', 'big');
    expect(out.split('\n')[1]).toBe(
      '1  digits-abc  50+3      vision   ada    2 GPU, 4 CPU, 1.0 GiB  10 min ago  in 2 h  it waits for 2 GPUs: host box has 0 free',
    );
    expect(err).toBe('There are 2 more.\n');
    expect(server.requests).toEqual(['GET /v1/pools/big']);
  });

  it('set settings by their names, owners with dots in their names among them', async () => {
    answering(POOL);
    const pairs = [
      'ageing=5m',
      'preemption=false',
      'fallback=none',
      'weights.vision=3',
      'weights.old=none',
      'ownerQuotas.ada.l.gpus=8',
    ];
    expect((await on('pools', 'set', ...pairs, 'ownerQuotas.bob.b=none', '--pool', 'big')).code).toBe(0);
    expect(server.requests).toEqual(['PATCH /v1/pools/big']);
    expect(sent).toEqual({
      ageing: '5m',
      preemption: false,
      fallback: 'none',
      weights: { vision: 3, old: null },
      ownerQuotas: { 'ada.l': { gpus: 8 }, 'bob.b': null },
      by: 'tester',
    });
    expect(await on('pools', 'set', 'ageing')).toMatchObject({ code: 2, err: expect.stringContaining('ageing=5m') });
  });
});

describe('reservations', () => {
  const made = {
    id: 'reservation-1',
    pool: 'default',
    project: 'vision',
    gpus: 4,
    gpuModel: 'H100',
    from: '2026-11-24T18:00:00.000Z',
    until: '2026-11-25T06:00:00.000Z',
    by: 'tester',
  };

  it('are made, listed and taken back', async () => {
    answering(made);
    const reserved = await on('reserve', '--project', 'vision', '--gpus', '4', '--gpu-model', 'H100', '--for', '12h');
    expect(reserved).toMatchObject({ code: 0, out: 'reservation-1\n' });
    expect(sent).toEqual({ project: 'vision', gpus: 4, gpuModel: 'H100', for: '12h', by: 'tester' });

    answering({ items: [made], next: null });
    expect((await on('reservations')).out).toMatch(/^reservation-1 +default +vision +4 H100 +2026-11-24T18:00/m);
    handler = (_, response) => void response.writeHead(204).end();
    expect((await on('unreserve', 'reservation-1')).out).toBe('reservation-1 is taken back\n');
    expect(server.requests.at(-1)).toBe('DELETE /v1/reservations/reservation-1');
  });
});

describe('a run that waits', () => {
  const explanation = {
    runId: 'digits-abc',
    state: 'queued',
    pool: 'default',
    sentence: 'It waits for 2 GPUs: host box has 0 free.',
    waiting: WAITING,
    lease: null,
  };
  const run = sampleRun({ state: 'queued', project: 'vision', owner: 'ada', priority: 70, gpus: 2, host: null });

  beforeEach(() => {
    handler = (request, response) => {
      const { pathname } = new URL(request.url!, 'http://server');
      if (pathname.endsWith('/explain')) return sendJson(response, explanation);
      if (/\/(attempts|events)$/.test(pathname)) return sendJson(response, { items: [], next: null });
      sendJson(response, { ...run, attempts: [], spec: specOf({}), pull: null });
    };
  });

  it('is explained', async () => {
    const { out } = await on('why', 'digits-abc');
    expect(out).toMatch(/^why +It waits for 2 GPUs: host box has 0 free\.$/m);
    expect(out).toMatch(/^place +1 of 3$/m);
    expect(out).toMatch(/^freed by +the end of run x$/m);
    expect(out).toMatch(/^starts +\S+ \(in 2 h\) at the latest$/m);
    expect(JSON.parse((await on('why', 'digits-abc', '--json')).out)).toEqual(explanation);
  });

  it('is shown with what it holds, and why, once it has its place', async () => {
    const node = { host: 'box', cpus: 1, memoryBytes: GIB, gpuIds: ['GPU-0', 'GPU-1'] };
    const grantedAt = '2026-11-24T18:00:00.000Z';
    const lease = { runId: 'digits-abc', attempt: 1, claim: 1, nodes: [node], grantedAt, because: 'It was free.' };
    handler = (request, response) => {
      const { pathname } = new URL(request.url!, 'http://server');
      if (pathname.endsWith('/explain')) return sendJson(response, { ...explanation, waiting: null, lease });
      if (/\/(attempts|events)$/.test(pathname)) return sendJson(response, { items: [], next: null });
      sendJson(response, { ...run, state: 'running', attempts: [], spec: specOf({}), pull: null });
    };
    const { out } = await on('show', 'digits-abc');
    expect(out).toMatch(/^holds +1 CPUs, 1.0 GiB of memory, GPU-0, GPU-1 of box, since 2026-11-24T18:00:00.000Z$/m);
    expect(out).toMatch(/^because +It was free\.$/m);
  });

  it('is shown with what it waits for, and for whom it counts', async () => {
    const { out } = await on('show', 'digits-abc');
    for (const line of [
      /^why +It waits for 2 GPUs/m,
      /^place +1 of 3$/m,
      /^project +vision$/m,
      /^owner +ada$/m,
      /^priority +70$/m,
      /^asks for +2 GPUs, 1 CPU, 1g of memory$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });
});
