import { MEMO, poolWorkflowIdFor } from '../../contract/names';
import { POOL_CORE_VERSION } from '../../policy/pool/kept';
import { leaseRequestOf } from '../../policy/pool/lease-request';
import { changeHostUpdate, configureUpdate, reserveUpdate } from '../../workflows/pool-messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, specOf } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { gpuNumber, hostReport } from '../helpers/host-report';
import { pooled, poolOfTest } from '../helpers/pool-suite';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite();
const handle = () => suite.client.getHandle(poolWorkflowIdFor('default'));

const RESERVATION = {
  id: 'deadline',
  project: 'vision',
  gpus: 1,
  gpuModel: null,
  from: '2126-01-01T00:00:00.000Z',
  until: '2126-01-02T00:00:00.000Z',
  by: 'ada',
};

it('a pool that somebody ended begins anew with what people had told it', async () => {
  const pool = poolOfTest(suite, [
    hostReport({ name: 'fake', cpus: 1, gpus: [gpuNumber(0)] }),
    hostReport({ name: 'b' }),
  ]);
  await suite.withWorkers(pooled(suite, pool, fakeHost().activities), async () => {
    await pool.link.start('default');
    await pool.becomes(({ hosts }) => hosts.length === 2);
    await handle().executeUpdate(changeHostUpdate, { args: [{ host: 'fake', intent: 'cordoned', by: 'ada' }] });
    await handle().executeUpdate(configureUpdate, { args: [{ settings: { weights: { vision: 3 } }, by: 'ada' }] });
    await handle().executeUpdate(reserveUpdate, { args: [RESERVATION] });
    await pool.end();

    await pool.link.start('default');
    const view = await pool.becomes(
      ({ hosts }) => hosts.length === 2 && hosts.every(({ contact }) => contact === 'ok'),
    );
    expect(view.hosts.map(({ name, state }) => [name, state])).toEqual([
      ['b', 'ready'],
      ['fake', 'cordoned'],
    ]);
    expect(view.settings).toMatchObject({ weights: { vision: 3 }, cpuOvercommit: 1 });
    expect(view.reservations).toEqual([RESERVATION]);
    await pool.end();
  });
});

it('a pool that begins anew with a cordoned host refuses nothing before it has heard of the others', async () => {
  const pool = poolOfTest(suite, [
    hostReport({ name: 'fake', cpus: 1 }),
    hostReport({ name: 'b', cpus: 4, memoryBytes: 2 ** 34 }),
  ]);
  const activities = pooled(suite, pool, fakeHost().activities);
  const { watchPool } = activities;
  let mayHear = Promise.resolve();
  activities.watchPool = async (input) => {
    await mayHear;
    return watchPool(input);
  };
  const wish = { ...leaseRequestOf(specOf({}), { submittedAt: new Date().toISOString() }), cpus: 4 };
  const claim = { runId: 'wide', claim: 1, attempt: 1, request: wish };
  await suite.withWorkers(activities, async () => {
    await pool.link.start('default');
    await pool.becomes(({ hosts }) => hosts.length === 2);
    await handle().executeUpdate(changeHostUpdate, { args: [{ host: 'fake', intent: 'cordoned', by: 'ada' }] });
    await pool.end();

    const hears = deferred();
    mayHear = hears.promise;
    try {
      await pool.link.start('default');
      expect(await pool.link.claim('default', claim)).toMatchObject({
        kind: 'queued',
        explanation: { waitsFor: 'waits for a host: pool default has not heard of its hosts yet' },
      });
    } finally {
      hears.resolve();
    }
    await pool.becomes(({ hosts }) => hosts.length === 2 && hosts.every(({ contact }) => contact === 'ok'));
    expect(await pool.link.claim('default', claim)).toMatchObject({
      kind: 'granted',
      lease: { nodes: [{ host: 'b' }] },
    });
    await pool.end();
  });
});

it('a pool that begins anew keeps the room of the first that waits from smaller ones behind it', async () => {
  const pool = poolOfTest(suite, [hostReport({ name: 'fake', cpus: 2, memoryBytes: 2 ** 34 })]);
  const { changes, ends } = heldContainers();
  const host = fakeHost(changes);
  const { admitRun } = host.activities;
  host.activities.admitRun = async (input) => {
    const admitted = await admitRun(input);
    const cpus = input.submission.name === 'large' ? 2 : 1;
    return { ...admitted, spec: { ...admitted.spec, resources: { ...admitted.spec.resources, cpus } } };
  };
  await suite.withWorkers(pooled(suite, pool, host.activities), async (start) => {
    await pool.begin();
    const holder = await start({});
    await pool.becomes(({ leases }) => leases.length === 1);
    const large = await start({ name: 'large', priority: 90 });
    await pool.becomes(({ queued }) => queued === 1);
    const small = await start({ priority: 10 });
    await pool.becomes(({ queued }) => queued === 2);
    await pool.end();

    await pool.begin();
    try {
      const { queue } = await pool.becomes(({ leases, queued }) => leases.length + queued === 3);
      expect(queue.map(({ runId }) => runId)).toEqual([large.workflowId, small.workflowId]);
      ends(holder.workflowId);
      await pool.becomes(({ leases }) => leases[0]?.runId === large.workflowId);
      for (const run of [large, small]) ends(run.workflowId);
      await Promise.all([holder.result(), large.result(), small.result()]);
    } finally {
      await pool.end();
    }
  });
});

it('a pool that decides by another version of the core is begun anew, and one of the same version goes on', async () => {
  const pool = poolOfTest(suite);
  await suite.withWorkers(pooled(suite, pool, fakeHost().activities), async () => {
    await pool.link.start('default');
    await pool.becomes(({ hosts }) => hosts.length === 1);
    const { runId } = await handle().describe();
    await pool.link.start('default');
    expect((await handle().describe()).runId).toBe(runId);
    await pool.end();
  });

  // No worker is there to take it up, as none can that would decide otherwise.
  const memo = {
    [MEMO.pool]: { core: POOL_CORE_VERSION + 1, settings: { maxQueued: 7 }, reservations: [], hosts: [] },
  };
  await pool.begin({}, memo);
  const { runId: other } = await handle().describe();
  await suite.withWorkers(pooled(suite, pool, fakeHost().activities), async () => {
    await pool.link.start('default');
    expect((await suite.client.getHandle(poolWorkflowIdFor('default'), other).describe()).status.name).toBe(
      'TERMINATED',
    );
    expect((await pool.becomes(({ hosts }) => hosts.length === 1)).settings.maxQueued).toBe(7);
    await pool.end();
  });
});
