import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { CONTROL_TASK_QUEUE, poolWorkflowIdFor, RUN_WORKFLOW } from '../../contract/names';
import type { Run } from '../../contract/run';
import type { SettingsChange } from '../../contract/settings-change';
import type { RunSubmission } from '../../contract/spec';
import type { RunState } from '../../contract/state';
import { examineMachine } from '../../process/machine';
import { identify, type ProcessIdentity } from '../../process/proc';
import type { ProcessStart } from '../../process/process-folder';
import { openLogStore } from '../../store/file-log-store';
import type { LogLine, LogStore } from '../../store/log-store';
import type { RunStore, StoredRun } from '../../store/run-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { hostPython, testProcesses } from '../helpers/processes';
import { startTemporal } from '../helpers/temporal';
import { until } from '../helpers/until';
import { killWorkers, spawnWorker, type WorkerProcess } from './worker-process';

jest.setTimeout(180_000);

const data = mkdtempSync(join(tmpdir(), 'trainyard-fallback-'));
const processes = join(data, 'processes', 'lonely');
let temporal: TestWorkflowEnvironment | undefined;
let store: RunStore;
let logs: LogStore;
let worker: WorkerProcess;
let count = 0;

/** A host whose Docker Engine is never there. */
function startWorker(more: Record<string, string> = {}): WorkerProcess {
  return spawnWorker({
    TRAINYARD_DATA: data,
    TRAINYARD_HOST_NAME: 'lonely',
    TEMPORAL_ADDRESS: temporal!.address,
    DOCKER_HOST: 'unix:///nowhere/docker.sock',
    ...more,
  });
}

const WITH_FALLBACK = { TRAINYARD_HOST_FALLBACK: 'process', TRAINYARD_HOST_FALLBACK_AFTER: '1s' };

beforeAll(async () => {
  temporal = await startTemporal();
  store = await openRunStore(data);
  logs = openLogStore(data, { segmentBytes: 1_000_000 });
});

afterAll(async () => {
  await killWorkers();
  const leftBehind = testProcesses(undefined, processes);
  await leftBehind.dispose();
  await store.close();
  await temporal?.teardown();
  rmSync(data, { recursive: true });
});

async function submit(submission: Partial<RunSubmission>): Promise<string> {
  const workflowId = `alone-${(count += 1)}`;
  await temporal!.client.workflow.start(RUN_WORKFLOW, {
    taskQueue: CONTROL_TASK_QUEUE,
    workflowId,
    args: [{ image: 'trainyard/base:bookworm', ...submission }],
  });
  return workflowId;
}

async function configure(change: SettingsChange): Promise<void> {
  const pool = temporal!.client.workflow.getHandle(poolWorkflowIdFor('default'));
  await pool.executeUpdate('configure', { args: [{ change, by: 'a test' }] });
}

function cancel(id: string): Promise<void> {
  return temporal!.client.workflow.getHandle(id).signal('cancel', { by: 'a test' });
}

async function inState(id: string, state: RunState): Promise<StoredRun> {
  return until(
    async () => {
      const stored = await store.getRun(id);
      return stored?.run.state === state && stored;
    },
    { timeoutMs: 90_000 },
  );
}

async function linesOf(id: string, streams?: LogLine['stream'][]): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of logs.read(id, { ...(streams && { streams }) }))
    lines.push(...batch.map(({ text }) => text));
  return lines;
}

function commandOf(containerId: string): ProcessIdentity {
  const start = JSON.parse(readFileSync(join(processes, containerId, 'start.json'), 'utf8')) as ProcessStart;
  return start.command!;
}

it('is off by default: a run stays queued and says why', async () => {
  worker = startWorker();
  await worker.ready();
  const id = await submit({ command: ['true'] });
  const { run } = await until(async () => {
    const stored = await store.getRun(id);
    return stored?.run.message?.includes('does not answer') && stored;
  });
  expect(run).toMatchObject({ state: 'queued', message: expect.stringContaining('host lonely has a Docker Engine') });
  expect(run.message).not.toContain('local process');
  await cancel(id);
  await inState(id, 'cancelled');
  worker.child.kill('SIGTERM');
  await worker.ended;
  expect(existsSync(processes)).toBe(false);
});

describe('a host that allows local processes while its engine stays away', () => {
  /** A run whose worker was killed in the middle. Temporal takes its time to find that out, and other tests go on meanwhile. */
  let orphan: { id: string; containerId: string };

  beforeAll(async () => {
    worker = startWorker(WITH_FALLBACK);
    await worker.ready();
    const refused = await submit({ command: ['true'] });
    const { run } = await until(async () => {
      const stored = await store.getRun(refused);
      return stored?.run.message?.includes('local processes') && stored;
    });
    expect(run).toMatchObject({
      state: 'queued',
      message: expect.stringContaining('allows local processes, but pool default does not'),
    });
    await configure({ fallback: 'process' });
    expect((await inState(refused, 'succeeded')).attempts).toMatchObject([{ form: 'process' }]);
    const print = hostPython(`
import itertools, os, sys, time
for i in itertools.count():
    print(i, file=sys.stderr if i % 3 == 0 else sys.stdout)
    if os.path.exists("/artifacts/enough"): break
    time.sleep(0.05)
print("end", i)
`);
    const id = await submit({ command: print });
    const running = await inState(id, 'running');
    expect(running.run.message).toMatch(/^NO CONTAINER/);
    const containerId = running.attempts[0]!.containerId!;
    const before = commandOf(containerId);
    expect(identify(before.pid)).toEqual(before);
    await until(async () => (await linesOf(id)).length > 10);

    worker.child.kill('SIGKILL');
    await worker.ended;
    expect(identify(before.pid)).toEqual(before);
    worker = startWorker(WITH_FALLBACK);
    await worker.ready();
    const printed = (await linesOf(id)).length;
    await until(async () => (await linesOf(id)).length > printed);
    writeFileSync(join(data, 'artifacts', id, 'enough'), '');
    orphan = { id, containerId };
  });

  it('runs the command of a run, says so everywhere, and keeps its log and its artifacts', async () => {
    const script =
      'echo "$TRAINYARD_RUN_ID $TRAINYARD_PARAM_EPOCHS"; cat /trainyard/params.json; echo kept > /artifacts/x';
    const id = await submit({ command: ['sh', '-c', script], params: { epochs: 3 } });
    const { run, attempts } = await inState(id, 'succeeded');

    expect(run).toMatchObject({ host: 'lonely', exitCode: 0, imageDigest: null });
    expect(attempts).toMatchObject([
      { form: 'process', containerId: expect.stringMatching(/^process-/), logLines: 4, logGaps: 0 },
    ]);
    expect(await linesOf(id)).toEqual([`${id} 3`, '{', '  "epochs": 3', '}']);
    const system = await linesOf(id, ['system']);
    expect(system[0]).toMatch(/^NO CONTAINER: this attempt is a local process .* engine has been away since 20/i);
    expect(system.at(-1)).toBe('sealed: 4 lines, 0 gaps, 0 bad bytes');
    expect(readFileSync(join(data, 'artifacts', id, 'x'), 'utf8')).toBe('kept\n');
    const events = await store.listEvents(id, 0, 100);
    expect(events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^NO CONTAINER: runs as a local process on lonely, without the image/),
    );
    expect(events.map(({ state }) => state)).not.toContain('pulling');
    const left = await testProcesses(undefined, processes).engine.listContainers({});
    expect(left.filter(({ id: each }) => each !== orphan.containerId)).toEqual([]);
  });

  it('cancels: SIGTERM, the grace, SIGKILL, and only then it is cancelled', async () => {
    const polite = await submit({
      command: ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done'],
    });
    const deaf = await submit({
      command: hostPython(
        'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("up")\nwhile True: signal.pause()',
      ),
      policy: { timeouts: { grace: '1s' } },
    } as Partial<RunSubmission>);
    const pids: number[] = [];
    for (const id of [polite, deaf]) {
      const { attempts } = await inState(id, 'running');
      await until(async () => (await linesOf(id)).includes('up'));
      pids.push(commandOf(attempts[0]!.containerId!).pid);
      await cancel(id);
    }
    const exitCodes: Run['exitCode'][] = [];
    for (const id of [polite, deaf]) exitCodes.push((await inState(id, 'cancelled')).attempts[0]!.exitCode);
    expect(exitCodes).toEqual([0, 137]);
    expect(await linesOf(polite)).toEqual(['up', 'bye']);
    expect(pids.map((pid) => identify(pid))).toEqual([null, null]);
  });

  it('ends a run at its timeout, by its memory, and for a command that the host lacks, each with its reason', async () => {
    const policy = { timeouts: { running: '2s' }, retries: { attempts: 1 } };
    const slow = await submit({ command: ['sleep', '300'], policy } as Partial<RunSubmission>);
    const greedy = await submit({
      command: hostPython('x = bytearray(200 * 1024 ** 2)'),
      resources: { memory: '64m' },
      policy: { retries: { attempts: 1 } },
    } as Partial<RunSubmission>);
    const missing = await submit({ command: ['no-such-command'] });

    expect((await inState(slow, 'failed')).run).toMatchObject({ reason: 'running-timeout' });
    const byMemory = examineMachine().cgroups === null ? 'exit-code' : 'out-of-memory';
    expect((await inState(greedy, 'failed')).run).toMatchObject({ reason: byMemory });
    const { run } = await inState(missing, 'failed');
    expect(run).toMatchObject({ reason: 'command-not-runnable', exitCode: 127 });
    expect(run.message).toContain('no-such-command: No such file or directory');
  });

  it('leaves a run without a command queued, and says why', async () => {
    const id = await submit({});
    const { run } = await until(async () => {
      const stored = await store.getRun(id);
      return stored?.run.message?.includes('the spec has no command') && stored;
    });
    expect(run.state).toBe('queued');
    await cancel(id);
    await inState(id, 'cancelled');
  });

  it('keeps a run and each of its lines when the worker is killed in the middle', async () => {
    const { id, containerId } = orphan;
    const { attempts } = await inState(id, 'succeeded');
    const lines = await linesOf(id);
    const [, last] = lines.find((line) => line.startsWith('end '))!.split(' ');
    const numbers = Array.from({ length: Number(last) + 1 }, (_, index) => String(index));
    expect(lines.toSorted()).toEqual([...numbers, `end ${last}`].toSorted());
    expect(attempts).toMatchObject([{ number: 1, containerId, logLines: lines.length, logGaps: 0 }]);
    expect((await linesOf(id, ['system'])).filter((line) => line.startsWith('NO CONTAINER'))).toHaveLength(2);
  });
});
