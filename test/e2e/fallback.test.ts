import type { HostSchema } from '../../contract/host';
import type { Static } from '@sinclair/typebox';
import { hostPython } from '../helpers/processes';
import { getRun, inState, logLines, request, submit } from '../helpers/runs';
import { runCli, startServer, type TestServer } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

let server: TestServer;

const ticks = 150;
/** A run whose worker was killed in the middle. Temporal takes its time to find that out, and the other test goes on meanwhile. */
let orphan: { id: string; containerId: string };

/** A server on a machine whose Docker Engine is not there, and whose operator allows to do without. */
beforeAll(async () => {
  server = await startServer({
    env: {
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
      TRAINYARD_HOST_FALLBACK: 'process',
      TRAINYARD_HOST_FALLBACK_AFTER: '1s',
    },
  });
  const set = await runCli(['pools', 'set', 'fallback=process'], { TRAINYARD_URL: server.url });
  expect(set).toMatchObject({ code: 0, out: expect.stringContaining('fallback: process') });
  const command = hostPython(`import time\nfor i in range(${ticks}):\n  print(i)\n  time.sleep(0.05)`);
  const id = await submit(server.url, { image: 'trainyard/none:1', command });
  const { message, attempts } = await inState(server.url, id, 'running');
  expect(message).toMatch(/^NO CONTAINER/);
  await until(async () => (await logLines(server.url, id)).length > 10);
  orphan = { id, containerId: attempts[0]!.containerId! };

  const worker = server.pidOf('worker')!;
  process.kill(worker, 'SIGKILL');
  // The supervisor kills what is left of the worker's group before it starts the next.
  await until(() => server.pidOf('worker') !== undefined && server.pidOf('worker') !== worker);
});

afterAll(async () => {
  expect(await server.dispose()).toEqual([]);
});

it('says so in trainyard show, of its host, and to the doctor', async () => {
  const id = await submit(server.url, { image: 'trainyard/none:1', command: ['true'] });
  await inState(server.url, id, 'succeeded');
  expect((await getRun(server.url, id)).attempts).toMatchObject([{ form: 'process' }]);
  const env = { TRAINYARD_URL: server.url, TRAINYARD_HOST_FALLBACK: 'process' };
  const shown = await runCli(['show', id], env);
  expect(shown.out).toMatch(/^1 +PROCESS +process-/m);
  expect(shown.out).toContain('NO CONTAINER: runs as a local process');
  const { body } = await request<{ items: Static<typeof HostSchema>[] }>(`${server.url}/v1/hosts`);
  expect(body.items).toMatchObject([{ fallback: 'process', engineReady: false, engineAwaySince: expect.any(String) }]);
  expect((await runCli(['doctor'], env)).out).toContain('runs are local processes of this machine');
});

it('keeps a local process and each of its lines when the worker is killed with all of its process group', async () => {
  const { id, containerId } = orphan;
  const { attempts } = await inState(server.url, id, 'succeeded');
  expect(attempts).toMatchObject([{ form: 'process', containerId, logLines: ticks, logGaps: 0 }]);
  expect(await logLines(server.url, id)).toEqual(Array.from({ length: ticks }, (_, index) => String(index)));
});
