import { poolWorkflowIdFor } from '../../contract/names';
import type { Problem } from '../../contract/problem';
import type { HostDetail, PoolDetail, PoolSummary, RunExplanation } from '../../contract/pool-http';
import type { Run } from '../../contract/run';
import { until } from '../helpers/until';
import { poolSuite } from './pool-world';

const pools = poolSuite();
const { suite, world, inWorld } = pools;

const send = (method: 'PATCH' | 'POST', url: string, payload: object) =>
  pools.api.request({ method, url, payload: JSON.stringify(payload), headers: { 'content-type': 'application/json' } });
const look = async <T>(url: string) => (await pools.api.get(url)).json<T>();
const explain = (id: string) => look<RunExplanation>(`/v1/runs/${id}/explain`);
const faultsOf = async (submission: object) =>
  (await pools.api.post('/v1/runs', { image: 'trainyard/test:1', ...submission })).json<Problem>().errors;

const GIB = 1024 ** 3;
const gpu = (index: number) => ({
  id: `GPU-${index}`,
  index,
  model: 'NVIDIA H100 80GB HBM3',
  memoryBytes: 80 * GIB,
  mig: false,
  trouble: null,
  detail: null,
});

test('a host has what its pool gives out of it, and takes runs or not, as an operator wants', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'fake', cpus: 2 });
    const { id } = await world.submit({ resources: { cpus: 1, memory: '2g' } });
    await world.reached(id, 'running');
    expect(await look<HostDetail>('/v1/hosts/fake')).toMatchObject({
      source: 'pool',
      state: 'ready',
      used: { cpus: 1, memoryBytes: 2 * GIB, gpus: [] },
      free: { cpus: 1, memoryBytes: 6 * GIB, gpus: [] },
      runs: [id],
    });
    expect(await explain(id)).toMatchObject({
      sentence: expect.stringMatching(/^It runs on fake/),
      waiting: null,
      lease: { runId: id, nodes: [{ host: 'fake', cpus: 1, gpuIds: [] }], because: expect.any(String) },
    });

    const cordoned = await send('POST', '/v1/hosts/fake/cordon', { by: 'ada' });
    expect([cordoned.statusCode, cordoned.json<HostDetail>()]).toEqual([
      200,
      expect.objectContaining({ name: 'fake', state: 'cordoned', intent: 'cordoned' }),
    ]);
    const { id: next } = await world.submit({ resources: { cpus: 1, memory: '1g' } });
    await until(async () => (await explain(next)).waiting !== null);
    expect(await explain(next)).toMatchObject({
      state: 'queued',
      sentence: expect.stringMatching(/^It waits for .*cordoned.*\.$/),
      waiting: { place: 1, queued: 1, cause: 'no-host', freedBy: expect.stringContaining('fake') },
    });

    expect((await send('POST', '/v1/hosts/fake/uncordon', {})).json<HostDetail>().state).toBe('ready');
    await world.reached(next, 'running');
    for (const each of [id, next]) world.end(each);
    for (const each of [id, next]) await world.reached(each, 'succeeded');
    expect(await explain(id)).toMatchObject({
      sentence: expect.stringMatching(/^It waits for nothing: it has succeeded\. /),
    });
  });
});

test('a pool shows what waits in order, by priority, which can be changed meanwhile', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'fake', cpus: 2 });
    const holder = await world.submit({ resources: { cpus: 2, memory: '1g' }, project: 'vision' });
    await world.reached(holder.id, 'running');
    const [low, high] = [await world.submit({ priority: 10 }), await world.submit({ priority: 60, owner: 'ada' })];
    const queue = async () => (await look<PoolDetail>('/v1/pools/default')).queue.map(({ runId }) => runId);
    await until(async () => (await queue()).length === 2);
    expect(await queue()).toEqual([high.id, low.id]);
    expect(await look<PoolDetail>('/v1/pools/default')).toMatchObject({
      source: 'pool',
      hosts: 1,
      cpus: { all: 2, used: 2 },
      running: 1,
      queued: 2,
      queue: [{ owner: 'ada', priority: 60, place: 1, waitsFor: expect.stringContaining(holder.id) }, { place: 2 }],
      leases: [{ runId: holder.id, because: expect.any(String) }],
      settings: { ageing: '10m', usageHalfLife: '1d', preemption: true, fallback: 'none' },
    });
    expect(await look<{ items: PoolSummary[] }>('/v1/pools')).toMatchObject({
      items: [{ name: 'default', running: 1, queued: 2 }],
    });
    const { items } = await look<{ items: Run[] }>('/v1/runs?owner=ada');
    expect(items.map(({ id }) => id)).toEqual([high.id]);

    const changed = await send('PATCH', `/v1/runs/${low.id}`, { priority: 90 });
    expect(changed.json<Run>()).toMatchObject({ priority: 90 });
    await until(async () => (await queue())[0] === low.id);

    for (const { id } of [holder, low, high]) world.end(id);
    for (const { id } of [holder, low, high]) await world.reached(id, 'succeeded');
  });
});

test('what no host could ever hold is refused with the field and the largest that it could have', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'large', pool: 'sized', cpus: 16, memoryBytes: 64 * GIB, gpus: [gpu(0), gpu(1)] });
    const sized = (more: object) => faultsOf({ pool: 'sized', ...more });
    expect(await sized({ resources: { gpus: 4 } })).toEqual([
      { path: 'resources.gpus', message: expect.stringMatching(/the largest host, large, has 16 CPUs, .*2 GPUs/) },
    ]);
    expect(await sized({ resources: { gpus: 1, gpuModel: 'A100' } })).toEqual([
      { path: 'resources.gpuModel', message: expect.stringContaining('no host of the pool has a GPU of A100') },
    ]);
    expect(await sized({ resources: { memory: '65g' } })).toEqual([
      { path: 'resources.memory', message: expect.stringContaining('64 GiB') },
    ]);
    expect(await sized({ placement: { host: 'small' } })).toEqual([
      { path: 'placement.host', message: expect.stringContaining('it has large') },
    ]);
    expect(await faultsOf({ pool: 'size' })).toEqual([
      { path: 'pool', message: 'there is no pool "size"; did you mean "sized"?' },
    ]);
    const schedule = { name: 'a', every: '1h', run: { image: 'a:1', pool: 'sized', resources: { cpus: 17 } } };
    expect((await send('POST', '/v1/schedules', schedule)).json<Problem>().errors).toEqual([
      { path: 'run.resources.cpus', message: expect.stringContaining('no host has 17 CPUs') },
    ]);

    const { settings } = (await send('PATCH', '/v1/pools/sized', { cpuOvercommit: 2 })).json<PoolDetail>();
    expect(settings.cpuOvercommit).toBe(2);
    // Nobody takes what would run there: it only has to be accepted.
    await send('POST', '/v1/hosts/large/cordon', {});
    const { id } = await world.submit({ pool: 'sized', resources: { cpus: 17 } });
    expect((await pools.api.post(`/v1/runs/${id}/cancel`, {})).statusCode).toBe(202);
    await world.reached(id, 'cancelled');
  });
});

test('a full queue answers 429 and when to try again, for all, a project and an owner', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'shut', pool: 'narrow', cpus: 2 });
    await send('POST', '/v1/hosts/shut/cordon', {});
    const change = { maxQueued: 2, projectQuotas: { vision: { queued: 1 } }, ownerQuotas: { '*': { queued: 1 } } };
    expect((await send('PATCH', '/v1/pools/narrow', change)).statusCode).toBe(200);
    const submit = (more: object) => pools.api.post('/v1/runs', { image: 'a:1', pool: 'narrow', ...more });
    const waiting = [await submit({ project: 'vision', owner: 'ada' })];
    const ofProject = await submit({ project: 'vision', owner: 'bob' });
    expect([ofProject.statusCode, ofProject.headers['retry-after'], ofProject.json<Problem>()]).toEqual([
      429,
      '30',
      expect.objectContaining({
        type: 'urn:trainyard:problem:queue-full',
        detail: expect.stringContaining('1 runs of project vision wait in pool narrow; its quota is 1.'),
      }),
    ]);
    expect((await submit({ owner: 'ada' })).json<Problem>().detail).toContain('runs of ada wait');
    waiting.push(await submit({ owner: 'bob' }));
    expect((await submit({ owner: 'eve' })).json<Problem>().detail).toContain('which takes no more than 2');
    const narrow = await until(async () => {
      const pool = await look<PoolDetail>('/v1/pools/narrow');
      return pool.queue.length === 2 && pool;
    });
    expect(narrow.projects.map(({ project, queued }) => [project, queued])).toEqual([
      ['default', 1],
      ['vision', 1],
    ]);
    expect(narrow.owners).toEqual([
      { owner: 'ada', queued: 1, mostQueued: 1 },
      { owner: 'bob', queued: 1, mostQueued: 1 },
    ]);

    for (const response of waiting) {
      const { id } = response.json<Run>();
      await pools.api.post(`/v1/runs/${id}/cancel`, {});
      await world.reached(id, 'cancelled');
    }
    const again = await submit({ owner: 'eve' });
    expect(again.statusCode).toBe(202);
    await pools.api.post(`/v1/runs/${again.json<Run>().id}/cancel`, {});
    await world.reached(again.json<Run>().id, 'cancelled');
  });
});

test.each([
  ['project', { projectQuotas: { vision: { queued: 0 } } }, 'Project vision', 'projectQuotas.vision.queued'],
  ['owner', { ownerQuotas: { '*': { queued: 0 }, ada: { queued: 9 } } }, 'Owner bob', 'ownerQuotas.*.queued'],
])(
  'a %s that may have no runs waiting may submit none, and is not told to try again',
  async (kind, quotas, who, field) => {
    await inWorld(async () => {
      const pool = `closed-${kind}`;
      await world.hostIs({ name: pool, pool, cpus: 2 });
      await send('POST', `/v1/hosts/${pool}/cordon`, {});
      expect((await send('PATCH', `/v1/pools/${pool}`, quotas)).statusCode).toBe(200);
      const submit = (more: object) => pools.api.post('/v1/runs', { image: 'a:1', pool, ...more });
      const refused = await submit({ project: 'vision', owner: 'bob' });
      expect([refused.statusCode, refused.headers['retry-after'], refused.json<Problem>()]).toEqual([
        403,
        undefined,
        expect.objectContaining({
          type: 'urn:trainyard:problem:may-not-submit',
          detail: `${who} may submit no runs to pool ${pool}: its quota is 0 (${field}). Choose another pool, or have the quota raised.`,
        }),
      ]);
      const accepted = await submit({ project: 'speech', owner: 'ada' });
      expect(accepted.statusCode).toBe(202);
      await pools.api.post(`/v1/runs/${accepted.json<Run>().id}/cancel`, {});
      await world.reached(accepted.json<Run>().id, 'cancelled');
    });
  },
);

test('a burst of submissions gets as many places as the queue has, for all, a project and an owner', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'crowd', pool: 'crowded', cpus: 2 });
    await send('POST', '/v1/hosts/crowd/cordon', {});
    const quotas = { projectQuotas: { vision: { queued: 2 } }, ownerQuotas: { ada: { queued: 1 } } };
    await send('PATCH', '/v1/pools/crowded', { maxQueued: 5, ...quotas });
    const burst = async (size: number, more: object, headers = {}): Promise<Run[]> => {
      const one = () => pools.api.post('/v1/runs', { image: 'a:1', pool: 'crowded', ...more }, headers);
      const answers = await Promise.all(Array.from({ length: size }, one));
      const taken = answers.filter(({ statusCode }) => statusCode === 202);
      expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(size - taken.length);
      return taken.map((answer) => answer.json<Run>());
    };
    const ofKey = await burst(4, { owner: 'eve' }, { 'idempotency-key': 'crowd' });
    expect(new Set(ofKey.map(({ id }) => id)).size).toBe(1);
    expect(ofKey).toHaveLength(4);
    const accepted = [
      ...ofKey.slice(0, 1),
      ...(await burst(6, { owner: 'ada' })),
      ...(await burst(6, { project: 'vision' })),
      ...(await burst(6, { project: 'speech' })),
    ];
    expect(accepted.map(({ owner, project }) => [owner, project])).toEqual([
      ['eve', 'default'],
      ['ada', 'default'],
      ['nobody', 'vision'],
      ['nobody', 'vision'],
      ['nobody', 'speech'],
    ]);
    for (const { id } of accepted) await pools.api.post(`/v1/runs/${id}/cancel`, {});
    for (const { id } of accepted) await world.reached(id, 'cancelled');
    const again = await burst(2, { owner: 'ada' });
    expect(again).toHaveLength(1);
    await pools.api.post(`/v1/runs/${again[0]!.id}/cancel`, {});
    await world.reached(again[0]!.id, 'cancelled');
  });
});

test('settings of a pool are changed as they are written, and every fault is told at once', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'any', pool: 'tuned', cpus: 1 });
    const patch = (change: object) => send('PATCH', '/v1/pools/tuned', change);
    const first = { ageing: '5m', weights: { vision: 3, speech: 2 }, ownerQuotas: { 'ada.l': { gpus: 8, runs: 4 } } };
    expect((await patch(first)).json<PoolDetail>().settings).toMatchObject(first);
    const second = { ageing: '0s', weights: { speech: null }, ownerQuotas: { 'ada.l': { gpus: null } } };
    expect((await patch(second)).json<PoolDetail>().settings).toMatchObject({
      ageing: '0s',
      weights: { vision: 3 },
      ownerQuotas: { 'ada.l': { runs: 4 } },
    });

    const bad = {
      agening: '5m',
      cpuOvercommit: 0.5,
      weights: { vision: 0 },
      projectQuotas: { x: { gpus: -1 }, y: { gpu: 1 } },
      ownerQuotas: { ada: 4 },
    };
    const refused = await patch(bad);
    expect(refused.statusCode).toBe(400);
    expect(refused.json<Problem>().errors).toEqual(
      expect.arrayContaining([
        { path: 'agening', message: 'unknown field `agening`; did you mean `ageing`?' },
        { path: 'cpuOvercommit', message: 'must be at least 1; got 0.5; write a number from 1 to 100' },
        { path: 'weights.vision', message: expect.stringContaining('write a number above 0') },
        {
          path: 'projectQuotas.x.gpus',
          message: 'must be a whole number or null; got -1; write a whole number from 0 to 1000000',
        },
        { path: 'projectQuotas.y.gpu', message: 'unknown field `gpu`; did you mean `gpus`?' },
        { path: 'ownerQuotas.ada', message: expect.stringContaining('write limits such as') },
      ]),
    );
    expect((await patch({ by: 'ada' })).json<Problem>().errors).toEqual([
      { path: '', message: expect.stringContaining('names nothing to change') },
    ]);
    expect((await send('PATCH', '/v1/pools/none', first)).statusCode).toBe(404);
    expect((await pools.api.get('/v1/pools/none')).statusCode).toBe(404);
  });
});

test('changes of one map of settings that are made at once all hold', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'one', pool: 'busy', cpus: 1 });
    const patch = (change: object) => send('PATCH', '/v1/pools/busy', change);
    await patch({ weights: { old: 2 }, projectQuotas: { shared: { gpus: 1 } } });
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
    const answers = await Promise.all([
      ...names.map((name) => patch({ weights: { [name]: 3 }, projectQuotas: { [name]: { gpus: 2 } } })),
      patch({ weights: { old: null }, projectQuotas: { shared: { runs: 5 } } }),
      patch({ ownerQuotas: { ada: { runs: 1 } } }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
    expect((await look<PoolDetail>('/v1/pools/busy')).settings).toMatchObject({
      weights: Object.fromEntries(names.map((name) => [name, 3])),
      projectQuotas: { shared: { gpus: 1, runs: 5 }, ...Object.fromEntries(names.map((name) => [name, { gpus: 2 }])) },
      ownerQuotas: { ada: { runs: 1 } },
    });
  });
});

test('a pool that was terminated keeps what it was told, also where a change begins it anew', async () => {
  await inWorld(async () => {
    await world.hostIs({ name: 'two', pool: 'ended', cpus: 1 });
    await send('PATCH', '/v1/pools/ended', { weights: { vision: 2 } });
    const handle = suite.client.getHandle(poolWorkflowIdFor('ended'));
    await handle.terminate('by hand');
    const { statusCode, body } = await send('PATCH', '/v1/pools/ended', { weights: { speech: 3 } });
    expect([statusCode, JSON.parse(body).settings.weights]).toEqual([200, { vision: 2, speech: 3 }]);
    expect(await handle.describe()).toMatchObject({ status: { name: 'RUNNING' } });
    expect(await handle.describe().then(async ({ staticSummary }) => staticSummary())).toContain('pool ended');
  });
});

test('without a worker hosts and pools are shown as the store knows them, and it is said so', async () => {
  expect(await look<HostDetail>('/v1/hosts/fake')).toMatchObject({ source: 'reports', used: null, intent: 'none' });
  expect(await look<PoolDetail>('/v1/pools/default')).toMatchObject({ source: 'reports', queue: [], leases: [] });
  expect((await pools.api.get('/v1/hosts/nobody')).statusCode).toBe(404);
});
