import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseDockerHost } from '../../docker/docker-host';
import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { EngineUnavailableError } from '../../docker/errors';
import { TEST_DOCKER_HOST, TEST_IMAGE, testEngine } from '../helpers/engine';
import { startProxy, type TestProxy } from '../helpers/proxy';
import { until } from '../helpers/until';

const { engine, plan, run, dispose } = testEngine();
const never = new AbortController().signal;

let folder: string;
let proxy: TestProxy;
/** The same engine behind the proxy. */
let behind: Engine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-away-'));
  const address = parseDockerHost(TEST_DOCKER_HOST);
  proxy = await startProxy('socketPath' in address ? { path: address.socketPath } : { port: address.port });
  behind = createEngine(proxy.address.startsWith('/') ? `unix://${proxy.address}` : `tcp://${proxy.address}`);
});

beforeEach(() => proxy.limit(Infinity, 'cut'));

afterAll(async () => {
  behind.close();
  await proxy.stop();
  await dispose();
  await rm(folder, { recursive: true, force: true });
});

const CALLS: [string, (away: Engine) => Promise<unknown>][] = [
  ['info', (away) => away.info()],
  ['findImage', (away) => away.findImage(TEST_IMAGE)],
  ['pullImage', (away) => away.pullImage('127.0.0.1:1/x:1', { silenceMs: 60_000, signal: never })],
  ['createContainer', (away) => away.createContainer(plan())],
  ['startContainer', (away) => away.startContainer('some')],
  ['inspectContainer', (away) => away.inspectContainer('some')],
  ['waitContainer', (away) => away.waitContainer('some', never)],
  ['signalContainer', (away) => away.signalContainer('some', 'SIGTERM')],
  ['removeContainer', (away) => away.removeContainer('some')],
  ['listContainers', (away) => away.listContainers({ some: 'label' })],
  ['readLogs', (away) => drain(away, 'some')],
];

test.each(CALLS)('%s says that no engine is there, and where it was looked for', async (_, call) => {
  const nobody = createEngine(`unix://${folder}/nobody.sock`);
  const failure = await call(nobody).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EngineUnavailableError);
  expect((failure as Error).message).toContain(`${folder}/nobody.sock does not answer: there is no such socket`);
  nobody.close();
});

test.each(CALLS)('%s does not wait for ever where the answer breaks off', async (_, call) => {
  proxy.limit(40, 'cut');
  await expect(call(behind)).rejects.toThrow(EngineUnavailableError);
});

test('an answer that breaks off in its middle, head and first bytes read, is a failure and no half answer', async () => {
  const { id } = await engine.createContainer(plan());
  proxy.limit(2000, 'cut');
  await expect(behind.inspectContainer(id)).rejects.toThrow(EngineUnavailableError);
});

test('a port that nobody listens on, and a file that is no socket, are no engine either', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const dockerHost of ['tcp://127.0.0.1:1', `unix://${file}`]) {
    await expect(createEngine(dockerHost).info()).rejects.toThrow(EngineUnavailableError);
  }
});

test('a wait and a follow fail when the connection breaks off, and the container goes on', async () => {
  const id = await run(['sh', '-c', 'echo ready; exec sleep 30']);
  const waiting = behind.waitContainer(id, never).catch((error: unknown) => error);
  const seen: string[] = [];
  const following = (async () => {
    for await (const records of behind.readLogs(id, { follow: true, signal: never })) {
      seen.push(...records.map(({ data }) => data.toString()));
    }
  })().catch((error: unknown) => error);
  await until(() => seen.length === 1 && proxy.openConnections() === 2);
  proxy.cutAll();
  expect(await waiting).toBeInstanceOf(EngineUnavailableError);
  expect(await following).toBeInstanceOf(EngineUnavailableError);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'running' });
});

test('a consumer that stops early, and a call that is given up, leave no connection open', async () => {
  const id = await run(['sh', '-c', 'echo ready; exec sleep 30']);
  for await (const records of behind.readLogs(id, { follow: true, signal: never })) {
    expect(records).toHaveLength(1);
    expect(proxy.openConnections()).toBe(1);
    break;
  }
  await until(() => proxy.openConnections() === 0);
  const stop = new AbortController();
  const waiting = behind.waitContainer(id, stop.signal).catch((error: unknown) => error);
  await until(() => proxy.openConnections() === 1);
  stop.abort();
  await waiting;
  await until(() => proxy.openConnections() === 0);
});

test('to close an engine ends what is still asked of it', async () => {
  const id = await run(['sleep', '30']);
  const waiting = behind.waitContainer(id, never).catch((error: unknown) => error);
  await until(() => proxy.openConnections() === 1);
  behind.close();
  expect(await waiting).toBeInstanceOf(EngineUnavailableError);
  await until(() => proxy.openConnections() === 0);
});

async function drain(of: Engine, id: string): Promise<void> {
  for await (const records of of.readLogs(id, { follow: true, signal: never })) expect(records).toEqual([]);
}
