import { execFileSync } from 'node:child_process';

import type { RunEvent } from '../../contract/run';
import { python } from '../host/helpers';
import { startProxy, type TestProxy } from '../helpers/proxy';
import { removeImages, startRegistry, type TestRegistry } from '../helpers/registry';
import { getRun, inState, logLines, request, shellRun, submit } from '../helpers/runs';
import { runCli } from '../helpers/server';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

const MEGABYTE = 1024 ** 2;

/** Says which signals come, and goes on until SIGTERM. */
const LISTENER = `
import signal, time
def told(number, frame):
    print("got", signal.Signals(number).name)
    if number == signal.SIGTERM: raise SystemExit(0)
for each in (signal.SIGUSR1, signal.SIGTERM): signal.signal(each, told)
print("ready")
while True: time.sleep(0.1)
`;

const limits = (timeouts: object) => ({ policy: { timeouts } });

/** The runs are submitted together at the start, so that the waits of each go side by side. */
let server: SharedServer;
let registry: TestRegistry;
let proxy: TestProxy;
const runs = {} as Record<'silent' | 'talkative' | 'warned' | 'extended' | 'stalled' | 'slow' | 'long', string>;

beforeAll(async () => {
  [server, registry] = await Promise.all([sharedServer(), startRegistry()]);
  proxy = await startProxy({ port: registry.port });
  for (const name of ['one', 'two']) await registry.pushRandom(`random/${name}:1`, 8 * MEGABYTE);
  // The manifest, and half of the layer.
  proxy.limit(4 * MEGABYTE, 'stall');
  const image = `${proxy.address}/random/one:1`;
  const retries = { delay: '1s', infrastructure: 10 };
  runs.stalled = await submit(server.url, {
    image,
    command: ['nothing'],
    policy: { timeouts: { pullSilence: '2s' }, retries },
  });
  const once = { retries: { infrastructure: 0 } };
  runs.slow = await submit(server.url, {
    image: `${proxy.address}/random/two:1`,
    command: ['nothing'],
    policy: { timeouts: { pull: '3s' }, ...once },
  });
  runs.long = await submit(server.url, shellRun('echo one; sleep 600', limits({ total: '6s', grace: '0s' })));
  const listener = { command: python(LISTENER) };
  runs.extended = await submit(
    server.url,
    shellRun('for i in $(seq 30); do echo $i; sleep 1; done', limits({ running: '20s' })),
  );
  runs.warned = await submit(server.url, shellRun('', { ...listener, ...limits({ running: '16s', warn: '8s' }) }));
  runs.silent = await submit(server.url, shellRun('echo one; sleep 600', limits({ silence: '3s', grace: '1s' })));
  runs.talkative = await submit(
    server.url,
    shellRun('for i in $(seq 12); do echo $i; sleep 1; done', limits({ silence: '6s' })),
  );
});

afterAll(async () => {
  await proxy.stop();
  await removeImages(proxy.address);
  await registry.stop();
});

const eventsOf = async (id: string): Promise<RunEvent[]> =>
  (await request<{ items: RunEvent[] }>(`${server.url}/v1/runs/${id}/events?limit=500`)).body.items;

it.concurrent('lets a run that is extended while it runs go on beyond the limit that it had', async () => {
  await inState(server.url, runs.extended, 'running');
  const change = ['change', runs.extended, '--timeout', 'running=2h', '--label', 'kept=yes', '--by', 'ada'];
  expect(await runCli([...change, '--server', server.url])).toMatchObject({
    code: 0,
    out: `${runs.extended} is changed: running 2h, kept=yes\n`,
  });
  const refused = await runCli(['change', runs.extended, '--timeout', 'running=1ms', '--server', server.url]);
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/policy\.timeouts\.running: must be more than the .+ that the attempt has run already/);

  const run = await inState(server.url, runs.extended, 'succeeded');
  expect(await logLines(server.url, runs.extended)).toHaveLength(30);
  expect(run).toMatchObject({ attempt: 1, labels: { kept: 'yes' }, spec: { policy: { timeouts: { running: '2h' } } } });
  expect(await eventsOf(runs.extended)).toContainEqual(
    expect.objectContaining({
      type: 'changed',
      message: 'Changed by ada: policy.timeouts.running: 20s → 2h, labels.kept: none → yes.',
    }),
  );
});

it.concurrent('stops a container that is silent, and says since when and by which limit', async () => {
  const run = await inState(server.url, runs.silent, 'failed');
  expect(run).toMatchObject({ reason: 'silent', attempt: 1 });
  expect(run.message).toMatch(
    /^The container wrote no line and no checkpoint for 3s and was stopped \(policy\.timeouts\.silence\)\. It has been silent since 20/,
  );
});

it.concurrent.each([
  ['pull', 'slow', 'pull-timeout', '3s'],
  ['total', 'long', 'total-timeout', '6s'],
] as const)(
  'ends a run by its limit %s, names the limit, and leaves no container',
  async (field, run, reason, limit) => {
    const ended = await inState(server.url, runs[run], 'failed');
    expect(ended).toMatchObject({ reason, attempt: 1 });
    expect(ended.message).toContain(`${limit} `);
    expect(ended.message).toContain(`(policy.timeouts.${field})`);
    const ofRun = ['ps', '--all', '--quiet', '--filter', `label=trainyard.run=${runs[run]}`];
    expect(execFileSync('docker', ofRun, { encoding: 'utf8' })).toBe('');
  },
);

it.concurrent('lets a container that goes on printing go on', async () => {
  await inState(server.url, runs.talkative, 'succeeded');
  expect(await logLines(server.url, runs.talkative)).toHaveLength(12);
});

it.concurrent('warns a program before its limit, and stops it at the limit', async () => {
  const run = await inState(server.url, runs.warned, 'failed');
  expect(run.reason).toBe('running-timeout');
  expect(await logLines(server.url, runs.warned)).toEqual(['ready', 'got SIGUSR1', 'got SIGTERM']);
  expect((await eventsOf(runs.warned)).map(({ message }) => message)).toContain(
    'The program was sent SIGUSR1: less than 8s of 16s are left (policy.timeouts.running).',
  );
});

it.concurrent(
  'gives up a pull that stalls in the middle of a layer, and tries again at the cost of the infrastructure',
  async () => {
    // It counts on the same proxy.
    await inState(server.url, runs.slow, 'failed');
    const { attempts } = await until(async () => {
      const now = await getRun(server.url, runs.stalled);
      return now.attempts[0]?.reason !== null && now.attempts.length > 1 && now;
    });
    expect(attempts[0]).toMatchObject({
      reason: 'pull-silent',
      containerId: null,
      message:
        'The pull made no progress for 2s and was given up (policy.timeouts.pullSilence); raise it in the spec for a registry that is slow to answer.',
    });
    proxy.limit(Infinity, 'stall');
    // An engine keeps a stalled download, and the next pull of that layer joins it.
    proxy.cutAll();
    // Random bytes are an image that can be pulled, and not run.
    const run = await inState(server.url, runs.stalled, 'failed', 120_000);
    expect(run.attempts.at(-1)).toMatchObject({ reason: 'command-not-runnable' });
    expect(await eventsOf(runs.stalled)).toContainEqual(
      expect.objectContaining({
        type: 'retry-scheduled',
        message: expect.stringContaining('retry 1 of 10 for infrastructure causes'),
      }),
    );
  },
);
