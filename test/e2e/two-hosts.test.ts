import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { CONTROL_TASK_QUEUE, LABELS, RUN_WORKFLOW } from '../../contract/names';
import type { RunStatus } from '../../contract/run';
import { openLogStore } from '../../store/file-log-store';
import { TEST_DOCKER_HOST, TEST_IMAGE, testEngine } from '../helpers/engine';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { startTemporal } from '../helpers/temporal';
import { until } from '../helpers/until';
import { allLines, python } from '../host/helpers';
import { killWorkers, spawnWorker, type WorkerProcess } from '../worker/worker-process';

jest.setTimeout(240_000);

/** Prints numbers until the file /flags/end is there; each attempt says which it is. */
const COUNT = python(`
import itertools, os, time
attempt = os.environ["TRAINYARD_ATTEMPT"]
for i in itertools.count():
    print(attempt, i, flush=True)
    if attempt == "2" and os.path.exists("/flags/end"): break
    time.sleep(0.02)
`);

let temporal: TestWorkflowEnvironment;
let away: OwnEngine;
const here = testEngine();
const data = mkdtempSync(join(tmpdir(), 'trainyard-two-hosts-'));
const flags = join(data, 'flags');
const installation = `two-hosts-${randomBytes(4).toString('hex')}`;
const logs = openLogStore(data, { segmentBytes: 100_000_000 });

beforeAll(async () => {
  mkdirSync(flags);
  [temporal, away] = await Promise.all([startTemporal(), startOwnEngine({ liveRestore: true })]);
});

afterAll(async () => {
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

it('a run whose host is lost goes on at another, and the host that is back removes its container before anything else', async () => {
  const control = workerOf('control', 'control', TEST_DOCKER_HOST);
  const first = workerOf('one', 'host', away.dockerHost);
  await Promise.all([control.ready(), first.ready()]);
  const runId = `lost-${randomBytes(4).toString('hex')}`;
  const submission = {
    image: TEST_IMAGE,
    pullPolicy: 'never',
    command: COUNT,
    mounts: [{ source: flags, target: '/flags' }],
    policy: { timeouts: { unreachable: '3s' }, retries: { delay: '100ms' } },
  };
  const run = await temporal.client.workflow.start(RUN_WORKFLOW, {
    taskQueue: CONTROL_TASK_QUEUE,
    workflowId: runId,
    args: [submission],
  });
  const told = (condition: (status: RunStatus) => boolean): Promise<RunStatus> =>
    until(
      async () => {
        const status = await run.query<RunStatus>('status');
        return condition(status) && status;
      },
      { timeoutMs: 90_000, everyMs: 200 },
    );
  await until(async () => (await lastNumber(runId, '1')) > 20);
  const { attempts } = await told(({ run: { state } }) => state === 'running');
  const stale = attempts[0]!.containerId!;

  // The host dies: its worker and its engine. Its container goes on.
  first.child.kill('SIGKILL');
  await first.ended;
  await away.kill();
  await told(({ run: { state } }) => state === 'unreachable');
  const second = workerOf('two', 'host', TEST_DOCKER_HOST);
  await second.ready();
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
  const back = workerOf('one', 'host', away.dockerHost);
  await back.ready();
  expect(await away.engine.inspectContainer(stale)).toBeNull();
  const [valid] = await here.engine.listContainers({ [LABELS.run]: runId });
  expect(await here.engine.inspectContainer(valid!.id)).toMatchObject({ status: 'running' });

  writeFileSync(join(flags, 'end'), '');
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
});
