import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { withSeals } from '../../api/services/sealed-attempts';
import { CONTROL_TASK_QUEUE, LABELS, RUN_WORKFLOW } from '../../contract/names';
import type { RunStatus } from '../../contract/run';
import { openLogStore } from '../../store/file-log-store';
import { TEST_DOCKER_HOST, TEST_IMAGE, testEngine } from '../helpers/engine';
import { watchEvents, type EngineEvents } from '../helpers/engine-events';
import { sumOfRanks, summed } from '../helpers/gang-program';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { startTemporal } from '../helpers/temporal';
import { testName } from '../helpers/test-owner';
import { until } from '../helpers/until';
import { allLines, python } from '../host/helpers';
import { killWorkers, spawnWorker, type WorkerProcess } from '../worker/worker-process';

jest.setTimeout(240_000);

/** Prints numbers until there is a file in /flags with the name of the run; each attempt says which it is. */
const COUNT = python(`
import itertools, os, time
attempt, end = os.environ["TRAINYARD_ATTEMPT"], "/flags/" + os.environ["TRAINYARD_RUN_ID"]
for i in itertools.count():
    print(f"{attempt} {i}", flush=True)
    if os.path.exists(end): break
    time.sleep(0.02)
`);

let temporal: TestWorkflowEnvironment;
let away: OwnEngine;
/** The worker that has the workflows, until it is killed. */
let control: WorkerProcess;
/** The worker of host `one`, whose engine is {@link away}. */
let one: WorkerProcess;
let watched: EngineEvents | undefined;
const here = testEngine();
const data = mkdtempSync(join(tmpdir(), 'trainyard-two-hosts-'));
const flags = join(data, 'flags');
const installation = testName('two-hosts');
const logs = openLogStore(data, { segmentBytes: 100_000_000 });

beforeAll(async () => {
  mkdirSync(flags);
  [temporal, away] = await Promise.all([startTemporal(), startOwnEngine({ liveRestore: true })]);
});

afterAll(async () => {
  watched?.stop();
  await killWorkers();
  await Promise.all([temporal.teardown(), away.dispose()]);
  for (const { id } of await here.engine.listContainers({ [LABELS.installation]: installation })) {
    await here.engine.removeContainer(id);
  }
  await here.dispose();
  rmSync(data, { recursive: true });
});

/** A worker with an engine of its own and the data folder of both. */
function workerOf(host: string, roles: string, dockerHost: string): WorkerProcess {
  return spawnWorker({
    DOCKER_HOST: dockerHost,
    TEMPORAL_ADDRESS: temporal.address,
    TRAINYARD_DATA: data,
    TRAINYARD_HOST_NAME: host,
    TRAINYARD_HOST_CPUS: '1',
    // Both are on this machine, so the networks of both hosts are one.
    TRAINYARD_HOST_ADDRESS: '127.0.0.1',
    TRAINYARD_INSTALLATION: installation,
    TRAINYARD_MOUNT_ROOTS: flags,
    TRAINYARD_WORKER_ROLES: roles,
  });
}

const lastNumber = async (runId: string, attempt: string): Promise<number> => {
  const ofAttempt = (await numbers(runId))[attempt] ?? [];
  return ofAttempt.at(-1) ?? -1;
};

/** What each attempt printed, as it is stored. */
async function numbers(runId: string): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const { text } of await allLines(logs, runId)) {
    const [attempt = '', number] = text.split(' ');
    (found[attempt] ??= []).push(Number(number));
  }
  return found;
}

const killWorker = async ({ child, ended }: WorkerProcess): Promise<void> => {
  child.kill('SIGKILL');
  await ended;
};

interface TestRun {
  id: string;
  handle: WorkflowHandle;
  /** Its status, once it is so. */
  told(condition: (status: RunStatus) => boolean): Promise<RunStatus>;
  mayEnd(): void;
}

async function startRun(name: string, more: object = {}): Promise<TestRun> {
  const id = `${name}-${randomBytes(4).toString('hex')}`;
  const submission = {
    image: TEST_IMAGE,
    pullPolicy: 'never',
    command: COUNT,
    mounts: [{ source: flags, target: '/flags' }],
    // As short as may be without taking a host that lacks processors for lost.
    policy: { timeouts: { unreachable: '8s' }, retries: { delay: '100ms' } },
    ...more,
  };
  const start = { taskQueue: CONTROL_TASK_QUEUE, workflowId: id, args: [submission] };
  const handle = await temporal.client.workflow.start(RUN_WORKFLOW, start);
  const told: TestRun['told'] = (condition) =>
    until(
      async () => {
        const status = await handle.query<RunStatus>('status');
        return condition(status) && status;
      },
      { timeoutMs: 90_000, everyMs: 200 },
    );
  return { id, handle, told, mayEnd: () => writeFileSync(join(flags, id), '') };
}

const runs = ({ run: { state } }: RunStatus): boolean => state === 'running';

it('a run whose host is lost goes on at another, and the host that is back removes its container before anything else', async () => {
  control = workerOf('control', 'control', TEST_DOCKER_HOST);
  const first = workerOf('one', 'host', away.dockerHost);
  await Promise.all([control.ready(), first.ready()]);
  const { id: runId, handle: run, told, mayEnd } = await startRun('lost');
  await until(async () => (await lastNumber(runId, '1')) > 20);
  const { attempts } = await told(runs);
  const stale = attempts[0]!.containerId!;

  // The host dies: its worker and its engine. Its container goes on.
  await killWorker(first);
  await away.kill();
  await told(({ run: { state } }) => state === 'unreachable');
  await workerOf('two', 'host', TEST_DOCKER_HOST).ready();
  const moved = await told(({ run: { state, attempt } }) => state === 'running' && attempt === 2);
  expect(moved).toMatchObject({
    run: { host: 'two' },
    attempts: [{ host: 'one', reason: 'host-lost' }, { host: 'two' }],
  });
  await until(async () => (await lastNumber(runId, '2')) > 20);

  // It comes back while the run goes on elsewhere.
  await away.start();
  expect(await away.engine.inspectContainer(stale)).toMatchObject({ status: 'running' });
  const printed = (await away.docker('logs', stale)).split('\n').length;
  one = workerOf('one', 'host', away.dockerHost);
  await one.ready();
  expect(await away.engine.inspectContainer(stale)).toBeNull();
  const [valid] = await here.engine.listContainers({ [LABELS.run]: runId });
  expect(await here.engine.inspectContainer(valid!.id)).toMatchObject({ status: 'running' });

  mayEnd();
  await run.result();
  expect(await here.engine.listContainers({ [LABELS.run]: runId })).toEqual([]);

  // What the lost attempt printed after its host was lost is brought in once the run has ended.
  const stored = await until(
    async () => {
      const found = await numbers(runId);
      return (found['1']?.length ?? 0) >= printed && found;
    },
    { timeoutMs: 90_000, everyMs: 200 },
  );
  for (const lines of Object.values(stored)) expect(lines).toEqual(lines.map((_, index) => index));
  // The seal that this log gets then is none that the workflow has heard of.
  const { attempts: ended } = await run.query<RunStatus>('status');
  expect(ended[0]).toMatchObject({ reason: 'host-lost', logLines: null });
  const sealed = await until(async () => {
    const [lost] = await withSeals(logs, runId, ended);
    return lost!.logLines !== null && lost;
  });
  expect(sealed).toMatchObject({ logLines: (await numbers(runId))['1']!.length, logGaps: 0 });
});

it('runs go where there is room, those of a host that dies wait for it elsewhere, and it takes new ones only when it is clean', async () => {
  // Two share the workflows from here on, and the first dies with the host.
  await workerOf('control-two', 'control', TEST_DOCKER_HOST).ready();
  const half = { resources: { cpus: 0.5, memory: '64m' } };
  const four = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => startRun(name, half)));
  const placed = await Promise.all(four.map(async ({ told }) => told(runs)));
  const on = (host: string): TestRun[] => four.filter((_, index) => placed[index]!.run.host === host);
  expect([on('one').length, on('two').length]).toEqual([2, 2]);
  const fifth = await startRun('fifth', half);
  await fifth.told(({ run: { state, message } }) => state === 'queued' && message !== null);

  const since = Math.floor(Date.now() / 1000);
  await Promise.all([killWorker(one), killWorker(control)]);
  await away.kill();
  await Promise.all(
    on('one').map(({ told }) => told(({ run: { state, attempt } }) => state === 'queued' && attempt === 2)),
  );
  for (const run of on('two')) {
    run.mayEnd();
    expect(await run.handle.result()).toMatchObject({ reason: 'completed', attempts: 1 });
  }
  for (const { told } of on('one')) {
    expect((await told((status) => runs(status) && status.run.attempt === 2)).run.host).toBe('two');
  }
  expect((await fifth.handle.query<RunStatus>('status')).run.state).toBe('queued');

  await away.start();
  one = workerOf('one', 'host', away.dockerHost);
  expect((await fifth.told(runs)).run.host).toBe('one');
  const span = ['--since', String(since), '--until', String(Math.ceil(Date.now() / 1000))];
  const form = ['--filter', 'type=container', '--format', '{{.Action}} {{index .Actor.Attributes "trainyard.run"}}'];
  const events = (await away.docker('events', ...span, ...form)).split('\n');
  const removals = on('one').map(({ id }) => events.indexOf(`destroy ${id}`));
  expect(Math.min(...removals)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...removals)).toBeLessThan(events.indexOf(`create ${fifth.id}`));

  for (const [run, attempts] of [...on('one').map((lost) => [lost, 2] as const), [fifth, 1] as const]) {
    run.mayEnd();
    expect(await run.handle.result()).toMatchObject({ reason: 'completed', attempts });
  }
});

/** One node fills a host. */
const gangOfTwo = (command: string[], more: object = {}) =>
  startRun('gang', { command, mounts: [], nodes: 2, resources: { cpus: 1, memory: '64m' }, ...more });

/** What there is of the installation on both engines. */
async function leftovers(): Promise<string[]> {
  const label = `label=${LABELS.installation}=${installation}`;
  const engines = [TEST_DOCKER_HOST, away.dockerHost];
  const lists = engines.flatMap((host) => [
    ['--host', host, 'ps', '--all', '--quiet', '--filter', label],
    ['--host', host, 'network', 'ls', '--quiet', '--filter', label],
  ]);
  const printed = await Promise.all(lists.map(async (list) => promisify(execFile)('docker', list)));
  return printed.flatMap(({ stdout }) => stdout.split('\n')).filter((line) => line !== '');
}

/** By rank: the run of each node of an attempt, and its host. */
function nodesOf({ run, attempts }: RunStatus, attempt = 1): { runId: string; host: string | null }[] {
  const { host, nodes } = attempts[attempt - 1]!;
  return [{ runId: run.id, host }, ...nodes];
}

const printed = async (runId: string): Promise<string[]> => (await allLines(logs, runId)).map(({ text }) => text);

it('the nodes of a gang on two hosts meet over the network of their hosts, and leave nothing on either', async () => {
  const { id, handle } = await gangOfTwo(sumOfRanks());
  expect(await handle.result()).toMatchObject({ reason: 'completed', attempts: 1 });

  const nodes = nodesOf(await handle.query<RunStatus>('status'));
  expect(new Set(nodes.map(({ host }) => host))).toEqual(new Set(['one', 'two']));
  for (const [rank, { runId }] of nodes.entries()) expect(await printed(runId)).toEqual(summed(id, { rank, of: 2 }));
  expect(await leftovers()).toEqual([]);
});

it('a gang on two hosts is ended and tried again as a whole, whichever of its nodes fails', async () => {
  const policy = { timeouts: { grace: '1s' }, retries: { attempts: 3, delay: '100ms' } };
  const { id, handle } = await gangOfTwo(sumOfRanks({ 1: 1, 2: 0 }), { policy });
  expect(await handle.result()).toMatchObject({ reason: 'completed', attempts: 3 });

  const status = await handle.query<RunStatus>('status');
  expect(status.attempts.map(({ reason, exitCode }) => [reason, exitCode])).toEqual([
    ['exit-code', 1],
    ['exit-code', 2],
    ['completed', 0],
  ]);
  const [, failed] = nodesOf(status, 1);
  expect(status.attempts[0]?.message).toContain(`node 1 of the gang, run ${failed?.runId} on host ${failed?.host}`);
  const byAttempt = [1, 2, 3].map((attempt) => summed(id, { rank: 0, of: 2, attempt }));
  expect(await printed(id)).toEqual(byAttempt.flat());
  for (const attempt of [1, 2, 3]) {
    const [first, second] = nodesOf(status, attempt);
    expect(new Set([first?.host, second?.host])).toEqual(new Set(['one', 'two']));
    expect(await printed(second!.runId)).toEqual(summed(id, { rank: 1, of: 2, attempt }));
  }
  expect(await leftovers()).toEqual([]);
});

/** Two nodes, of which each counts until its gang is told to end. */
const countingGang = (name: string, cpus: number) => startRun(name, { nodes: 2, resources: { cpus, memory: '64m' } });

/** The nodes of an attempt as soon as all of them run, by rank. */
async function placedNodes({ told }: TestRun, attempt: number) {
  const status = await told((now) => runs(now) && now.run.attempt === attempt && nodesOf(now, attempt).length === 2);
  const nodes = nodesOf(status, attempt);
  for (const { runId } of nodes) await until(async () => (await lastNumber(runId, String(attempt))) > 5);
  return nodes;
}

it('a gang of which a host dies goes on elsewhere as a whole, whichever of its nodes was there, and nothing is left on the host that is back', async () => {
  const filling = async (host: string, cpus: number): Promise<TestRun> => {
    const run = await startRun(`fills-${host}`, { placement: { host }, resources: { cpus, memory: '64m' } });
    await run.told(runs);
    return run;
  };
  // Each host has room for one node of each gang; the fuller one takes the first.
  const fillers = [await filling('one', 0.6), await filling('two', 0.5)];
  const first = await countingGang('first-lost', 0.3);
  expect((await placedNodes(first, 1)).map(({ host }) => host)).toEqual(['one', 'two']);
  fillers.push(await filling('two', 0.1));
  const later = await countingGang('later-lost', 0.1);
  expect((await placedNodes(later, 1)).map(({ host }) => host)).toEqual(['two', 'one']);
  for (const { mayEnd } of fillers) mayEnd();
  await Promise.all(fillers.map(({ handle }) => handle.result()));

  watched = watchEvents(TEST_DOCKER_HOST);
  await killWorker(one);
  await away.kill();
  const moved = await Promise.all([first, later].map(async (gang) => placedNodes(gang, 2)));
  expect(moved.flat().map(({ host }) => host)).toEqual(['two', 'two', 'two', 'two']);
  for (const [{ id, handle }, lost] of [
    [first, 'The host did not answer for 8s'],
    [later, `node 1 of the gang, run ${later.id}.e1.n1 on host one`],
  ] as const) {
    const { attempts } = await handle.query<RunStatus>('status');
    expect([id, attempts.map(({ reason }) => reason)]).toEqual([id, ['host-lost', null]]);
    expect(attempts[0]?.message).toContain(lost);
  }

  // What the host that is alive had of the first attempt went before anything of the second came.
  const events = (): string[] => watched!.seen().map(({ action, runId, attempt }) => `${action} ${runId} ${attempt}`);
  for (const [survivor, [rank0, rank1]] of [
    [`${first.id}.e1.n1 1`, moved[0]!],
    [`${later.id} 1`, moved[1]!],
  ] as const) {
    const nexts = [`create ${rank0!.runId} 2`, `create ${rank1!.runId} 1`];
    await until(() => nexts.every((next) => events().includes(next)));
    const gone = events().indexOf(`destroy ${survivor}`);
    expect(gone).toBeGreaterThanOrEqual(0);
    for (const next of nexts) expect(events().indexOf(next)).toBeGreaterThan(gone);
  }

  await away.start();
  const label = `label=${LABELS.installation}=${installation}`;
  const onAway = async () => away.docker('ps', '--all', '--filter', label, '--format', '{{.Label "trainyard.run"}}');
  expect((await onAway()).split('\n').toSorted()).toEqual([first.id, `${later.id}.e1.n1`].toSorted());
  one = workerOf('one', 'host', away.dockerHost);
  await one.ready();
  expect(await onAway()).toBe('');
  for (const { handle, mayEnd } of [first, later]) {
    expect((await handle.query<RunStatus>('status')).run.state).toBe('running');
    mayEnd();
    expect(await handle.result()).toMatchObject({ reason: 'completed', attempts: 2 });
  }
  expect(await leftovers()).toEqual([]);
});
