import { LABELS, poolWorkflowIdFor } from '../../contract/names';
import type { HostDetail, PoolDetail, RunExplanation } from '../../contract/pool-http';
import { testEngine } from '../helpers/engine';
import { inState, post, request, shellRun, submit } from '../helpers/runs';
import { runCli, startServer, temporalCli, type TestServer } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

let server: TestServer;
const here = testEngine();

beforeAll(async () => {
  const gpus = 'GPU-one:H100:80g,GPU-two:H100:80g';
  server = await startServer({
    env: {
      TRAINYARD_HOST_CPUS: '2',
      TRAINYARD_HOST_MEMORY: '4g',
      TRAINYARD_HOST_GPUS: gpus,
      TRAINYARD_HOST_GPU_RUNTIME: 'none',
    },
  });
});
afterAll(async () => {
  await here.dispose();
  expect(await server.dispose()).toEqual([]);
});

const terminate = (...workflowIds: string[]): void => {
  for (const id of workflowIds) temporalCli(server, 'workflow', 'terminate', '--workflow-id', id);
};
const asking = (cpus: number, gpus: number) => ({ resources: { cpus, memory: '64m', gpus } });
const explain = async (id: string) => (await request<RunExplanation>(`${server.url}/v1/runs/${id}/explain`)).body;
const containersOf = async (runId: string) => here.engine.listContainers({ [LABELS.run]: runId });
const cli = async (...args: string[]) => (await runCli([...args, '--server', server.url])).out;

it('a pool that is begun anew gives nobody what the container of a run holds whose workflow was terminated', async () => {
  const left = await submit(server.url, shellRun('while :; do sleep 0.1; done', asking(1.5, 1)));
  await inState(server.url, left, 'running');
  const { body: hosts } = await request<{ items: HostDetail[] }>(`${server.url}/v1/hosts`);
  const { name } = hosts.items[0]!;
  terminate(left, poolWorkflowIdFor('default'));

  const next = await submit(server.url, shellRun('exit 0', asking(1, 0)));
  const large = await submit(server.url, shellRun('exit 0', asking(0.1, 2)));
  const beside = await submit(server.url, shellRun('exit 0', asking(0.1, 1)));
  await inState(server.url, beside, 'succeeded');
  // Its lease is given back when the host has told what is left of it.
  const without = `the container of run ${left} holds 1.5 CPUs without a lease`;
  const why = await until(async () => {
    const { waiting } = await explain(next);
    return waiting?.waitsFor.includes(without) === true && waiting;
  });
  expect(why.freedBy).toContain(`the end of the container of run ${left} on host ${name}`);
  expect((await explain(large)).waiting?.waitsFor).toContain(
    `the container of run ${left} holds 1 GPU without a lease`,
  );

  const { body: pool } = await request<PoolDetail>(`${server.url}/v1/pools/default`);
  expect(pool.unleased).toEqual([
    { host: name, runId: left, attempt: 1, epoch: 1, cpus: 1.5, memoryBytes: 64 * 2 ** 20, gpuIds: ['GPU-one'] },
  ]);
  expect(await cli('pools', 'show')).toMatch(new RegExp(`^${name} +${left} +1.5 +64.0 MiB +1$`, 'm'));
  expect(await cli('hosts')).toMatch(new RegExp(`^${name} .* 1.5/2 .* 1/2 .* 1 without a lease`, 'm'));
  expect(await cli('hosts', 'show', name)).toMatch(new RegExp(`^${left} +1.5 +64.0 MiB +1$`, 'm'));
  expect((await containersOf(next)).length).toBe(0);

  await post(`${server.url}/v1/runs/${large}/cancel`, {});
  for (const { id } of await containersOf(left)) await here.engine.removeContainer(id);
  await inState(server.url, next, 'succeeded');
  const freed = await until(async () => {
    const { body } = await request<PoolDetail>(`${server.url}/v1/pools/default`);
    return body.cpus.used === 0 && body;
  });
  expect(freed.unleased).toEqual([]);
});
