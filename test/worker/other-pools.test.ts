import { randomBytes } from 'node:crypto';

import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { CONTROL_TASK_QUEUE, MEMO, POOL_WORKFLOW, poolWorkflowIdFor } from '../../contract/names';
import { beginningOf, POOL_CORE_VERSION } from '../../policy/pool/kept';
import { poolQuery } from '../../workflows/pool-messages';
import { scratchFolder } from '../helpers/scratch-folder';
import { startTemporal } from '../helpers/temporal';
import { until } from '../helpers/until';
import { killWorkers, spawnWorker } from './worker-process';

let temporal: TestWorkflowEnvironment | undefined;
beforeAll(async () => {
  temporal = await startTemporal();
}, 60_000);
afterAll(async () => temporal?.teardown());
afterEach(killWorkers);

const data = scratchFolder();

/** A pool as a worker of a version of the core has begun it; resolves when Temporal lists it. */
async function beginPool(name: string, core: number): Promise<string> {
  const { workflow } = temporal!.client;
  const workflowId = poolWorkflowIdFor(name);
  const kept = { core, settings: { maxQueued: 7 }, reservations: [], hosts: [] };
  await workflow.start(POOL_WORKFLOW, {
    taskQueue: CONTROL_TASK_QUEUE,
    workflowId,
    ...beginningOf(name, kept),
    memo: { [MEMO.pool]: kept },
  });
  await until(async () => {
    for await (const listed of workflow.list()) if (listed.workflowId === workflowId) return true;
    return false;
  });
  return (await workflow.getHandle(workflowId).describe()).runId;
}

it('a control worker begins every pool of another version anew, also where it has no host of it, and leaves the others alone', async () => {
  const [gpu, same] = [await beginPool('gpu', POOL_CORE_VERSION - 1), await beginPool('same', POOL_CORE_VERSION)];
  const worker = spawnWorker({
    TRAINYARD_DATA: data.path,
    TRAINYARD_HOST_NAME: 'test-host',
    TRAINYARD_WORKER_ROLES: 'control',
    TRAINYARD_INSTALLATION: `test-${randomBytes(6).toString('hex')}`,
    TEMPORAL_ADDRESS: temporal!.address,
  });
  await worker.ready();

  const { workflow } = temporal!.client;
  const old = await workflow.getHandle(poolWorkflowIdFor('gpu'), gpu).describe();
  expect(old.status.name).toBe('TERMINATED');
  const handle = workflow.getHandle(poolWorkflowIdFor('gpu'));
  expect((await handle.describe()).memo?.[MEMO.pool]).toMatchObject({ core: POOL_CORE_VERSION });
  expect(await handle.query(poolQuery)).toMatchObject({ name: 'gpu', settings: { maxQueued: 7 } });
  expect((await workflow.getHandle(poolWorkflowIdFor('same')).describe()).runId).toBe(same);
}, 120_000);
