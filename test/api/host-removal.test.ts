import { poolWorkflowIdFor } from '../../contract/names';
import type { HostDetail } from '../../contract/pool-http';
import type { Problem } from '../../contract/problem';
import { HOST_LOST_MS } from '../../policy/pool/host-facts';
import { hostReport } from '../helpers/host-report';
import { until } from '../helpers/until';
import { poolSuite } from './pool-world';

const pools = poolSuite();
const { suite, world, inWorld } = pools;

const host = async (name: string) => (await pools.api.get(`/v1/hosts/${name}`)).json<HostDetail>();
const send = (method: 'DELETE' | 'POST', name: string, verb = '') =>
  pools.api.request({ method, url: `/v1/hosts/${name}${verb}` });
const refusal = async (name: string) => {
  const response = await send('DELETE', name);
  return [response.statusCode, response.json<Problem>().type, response.json<Problem>().detail];
};

/** As if the host had last reported some time ago. */
async function silentFor(name: string, ms: number): Promise<void> {
  const { runStore } = pools.api.services;
  const report = (await runStore.listHosts()).find((one) => one.name === name)!;
  const reportedAt = new Date(Date.now() - ms).toISOString();
  // At once: nobody sees it without a report.
  await Promise.all([
    runStore.removeHost(name, report.reportedAt),
    runStore.reportHost(hostReport({ ...report, reportedAt })),
  ]);
}

async function lose(name: string): Promise<void> {
  await silentFor(name, HOST_LOST_MS + 10_000);
  // By the word of its pool, without which nothing is removed.
  await until(async () => {
    const { state, source } = await host(name);
    return state === 'lost' && source === 'pool';
  });
}

test('a host that is lost and holds nothing is removed, and counts no more for what its pool could hold', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'fake', cpus: 8 });
    await world.hostIs({ name: 'small', cpus: 1 });
    expect(await refusal('fake')).toEqual([
      409,
      problem('host-in-use'),
      expect.stringContaining('Stop its worker first'),
    ]);
    await silentFor('fake', 60_000);
    await until(async () => (await host('fake')).state === 'unreachable');
    expect(await refusal('fake')).toEqual([
      409,
      problem('host-in-use'),
      expect.stringContaining('Stop its worker first'),
    ]);
    expect(await refusal('nobody')).toEqual([404, problem('not-found'), expect.any(String)]);

    await lose('fake');
    const wish = { image: 'a:1', resources: { cpus: 8 } };
    expect((await send('DELETE', 'fake')).statusCode).toBe(204);
    expect((await pools.api.get('/v1/hosts/fake')).statusCode).toBe(404);
    expect((await pools.api.post('/v1/runs', wish)).json<Problem>().errors).toEqual([
      { path: 'resources.cpus', message: expect.stringContaining('the largest host, small, has 1 CPU') },
    ]);
    await until(async () => {
      const view = await pools.api.services.temporal.pools.view('default');
      return view?.hosts.every(({ name }) => name !== 'fake');
    });
  });
}, 60_000);

test('a host that holds the place of a run is not removed before that is given back', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'fake', cpus: 2 });
    const { id } = await world.submit({ placement: { host: 'fake' } });
    await world.reached(id, 'running');
    await lose('fake');
    expect(await refusal('fake')).toEqual([409, problem('host-in-use'), expect.stringContaining(`place of "${id}"`)]);
    expect((await host('fake')).runs).toEqual([id]);
    world.end(id);
    await world.reached(id, 'succeeded');
    await until(async () => (await host('fake')).runs.length === 0);
    expect((await send('DELETE', 'fake')).statusCode).toBe(204);
  });
}, 60_000);

test('a host that comes back after its removal is a new one, also in a pool that is begun anew', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'renamed', pool: 'other', cpus: 2 });
    expect((await send('POST', 'renamed', '/cordon')).statusCode).toBe(200);
    await lose('renamed');
    expect(await host('renamed')).toMatchObject({ intent: 'cordoned', source: 'pool' });
    expect((await send('DELETE', 'renamed')).statusCode).toBe(204);
    await suite.client.getHandle(poolWorkflowIdFor('other')).terminate('by hand');

    await world.hostIs({ name: 'renamed', pool: 'other', cpus: 2 });
    await until(async () => (await host('renamed')).source === 'pool');
    expect(await host('renamed')).toMatchObject({ state: 'ready', intent: 'none' });
  });
}, 60_000);

test('while its pool does not say what it holds nothing is removed', async () => {
  await pools.api.services.runStore.reportHost(
    hostReport({ name: 'silent', pool: 'none', reportedAt: '2026-01-01T00:00:00Z' }),
  );
  pools.api.services.pools.changed('none');
  expect(await refusal('silent')).toEqual([
    503,
    problem('not-known-yet'),
    expect.stringContaining('again in a moment'),
  ]);
  expect((await pools.api.get('/v1/hosts/silent')).statusCode).toBe(200);
}, 60_000);

function problem(kind: string): string {
  return `urn:trainyard:problem:${kind}`;
}
