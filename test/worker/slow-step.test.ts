import { randomUUID } from 'node:crypto';

import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';

import { UNLIMITED_STEPS } from '../../worker/workflow-time';
import { startTemporal } from '../helpers/temporal';

/** Longer than the SDK lets a step take where it is not told otherwise. */
const STEP_MS = 5_500;

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
}, 60_000);
afterAll(async () => env?.teardown());

test('a worker that stood still in a step of a workflow finishes it, and later workflows hear their cancel', async () => {
  const { workflow } = env.client;
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowsPath: require.resolve('./slow-step-workflows.ts'),
    workflowThreadPoolSize: 1,
    ...UNLIMITED_STEPS,
  });
  await worker.runUntil(async () => {
    const options = { taskQueue, workflowTaskTimeout: '60 s' };
    const stood = await workflow.start('stand', { ...options, workflowId: randomUUID(), args: [STEP_MS] });
    const waiting = await workflow.start('wait', { ...options, workflowId: randomUUID() });
    await expect(stood.result()).resolves.toBe('timed-out');

    await waiting.cancel();
    await expect(waiting.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });
}, 60_000);
