import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { TestWorkflowEnvironment } from '@temporalio/testing';

import { LABELS, SEARCH_ATTRIBUTES } from '../../contract/names';
import { openLogStore } from '../../store/file-log-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { registerSearchAttributes } from '../../worker/search-attributes';
import { testEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';
import { quietRuntime, temporalBinary } from '../helpers/temporal';
import { until } from '../helpers/until';
import { killWorkers, spawnWorker } from './worker-process';

let temporal: TestWorkflowEnvironment | undefined;
beforeAll(async () => {
  quietRuntime();
  // Without our search attributes: the worker has to bring them.
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalBinary() } },
  });
}, 60_000);
afterAll(async () => temporal?.teardown());
afterEach(killWorkers);

/** For a worker from source to be there on a busy machine. */
const STARTING = { timeoutMs: 90_000 };

const data = scratchFolder();
const { engine, run, dispose } = testEngine();
afterAll(dispose);

function hostEnv(more: Record<string, string> = {}): Record<string, string> {
  return {
    TRAINYARD_DATA: data.path,
    TRAINYARD_HOST_NAME: 'test-host',
    TRAINYARD_WORKER_ROLES: 'host',
    TRAINYARD_INSTALLATION: `test-${randomBytes(6).toString('hex')}`,
    TEMPORAL_ADDRESS: temporal!.address,
    ...more,
  };
}

async function attributes(): Promise<string[]> {
  const { operatorService } = temporal!.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
  return Object.keys(customAttributes ?? {});
}

it('makes its search attributes known, however often and at once it is asked to', async () => {
  expect(await attributes()).not.toEqual(expect.arrayContaining(['RunState']));

  const register = (): Promise<void> => registerSearchAttributes(temporal!.connection, 'default');
  await Promise.all([register(), register()]);
  await until(async () => {
    const known = await attributes();
    return SEARCH_ATTRIBUTES.every((name) => known.includes(name));
  });
  await expect(register()).resolves.toBeUndefined();
});

it('takes the roles of control and host, and ends in good order on SIGTERM', async () => {
  const worker = spawnWorker(hostEnv({ TRAINYARD_WORKER_ROLES: 'control,host' }));
  await worker.ready();

  const asked = Date.now();
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  // Its supervisor kills it after that.
  expect(Date.now() - asked).toBeLessThan(15_000);
  expect(worker.logged().at(-1)).toMatchObject({ msg: 'The worker has stopped; containers go on' });
}, 120_000);

it('refuses to be the second worker of a host on one data folder', async () => {
  const env = hostEnv();
  const first = spawnWorker(env);
  await first.ready();

  const second = spawnWorker(env);
  expect(await second.ended).toBe(1);
  expect(second.output().trim()).toMatch(
    new RegExp(
      `^the data folder ${data.path} is in use by another .*"host-test-host".*process ${first.child.pid}; stop that one first, .*$`,
    ),
  );
  expect(first.child.exitCode).toBeNull();
}, 120_000);

it('reads the logs of containers that it finds, and leaves them alone when its supervisor is gone', async () => {
  const env = hostEnv();
  const runId = `found-${randomBytes(4).toString('hex')}`;
  const labels = {
    [LABELS.installation]: env['TRAINYARD_INSTALLATION']!,
    [LABELS.host]: 'test-host',
    [LABELS.run]: runId,
    [LABELS.attempt]: '1',
    [LABELS.epoch]: '1',
  };
  const container = await run(['sh', '-c', 'echo here; sleep 300'], { labels });

  const worker = spawnWorker(env);
  const logs = openLogStore(data.path, { segmentBytes: 1_000_000 });
  await until(async () => {
    const texts: string[] = [];
    for await (const lines of logs.read(runId, {})) texts.push(...lines.map(({ text }) => text));
    return texts.includes('here');
  }, STARTING);
  await worker.ready();
  worker.child.disconnect();
  expect(await worker.ended).toBe(0);
  expect(await engine.inspectContainer(container)).toMatchObject({ status: 'running' });
}, 120_000);

it('works on without its engine, and reports what is wrong with it', async () => {
  const worker = spawnWorker(hostEnv({ DOCKER_HOST: `unix://${join(data.path, 'no.sock')}` }));
  await worker.ready();
  const store = await openRunStore(data.path);
  try {
    const [report] = await until(async () => {
      const hosts = await store.listHosts();
      return hosts.length > 0 && hosts;
    });
    expect(report).toMatchObject({ name: 'test-host', engineReady: false, engineProblem: expect.stringMatching(/\S/) });
  } finally {
    await store.close();
  }
}, 120_000);

it('waits for a Temporal that is away, says so, and can be stopped meanwhile', async () => {
  // Nobody listens there, and nobody will.
  const address = '127.0.0.1:1';
  const worker = spawnWorker(hostEnv({ TEMPORAL_ADDRESS: address }));
  const line = await until(
    () => worker.logged().find(({ msg }) => String(msg).startsWith('Temporal is not there yet')),
    STARTING,
  );
  expect(line).toMatchObject({ level: 40, address, cause: expect.stringMatching(/\S/) });

  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(existsSync(join(data.path, 'host-test-host.pid'))).toBe(false);
}, 120_000);

it('says what is wrong with its settings, and nothing else', async () => {
  const worker = spawnWorker(hostEnv({ TRAINYARD_WORKER_ROLES: 'cook', TRAINYARD_API_PORT: 'x' }));
  expect(await worker.ended).toBe(1);
  expect(worker.output()).toBe(
    [
      'The settings cannot be used:',
      '  TRAINYARD_API_PORT: api.port must be a whole number; got "x"',
      '  TRAINYARD_WORKER_ROLES: worker.roles[0] must be one of "control", "host"; got "cook"\n',
    ].join('\n'),
  );
}, 120_000);
