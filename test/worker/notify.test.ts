import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { CONTROL_TASK_QUEUE, NOTIFY_WORKFLOW } from '../../contract/names';
import type { SendNotificationInput } from '../../contract/notification';
import { sign } from '../../notify/signature';
import { scratchFolder } from '../helpers/scratch-folder';
import { startTemporal } from '../helpers/temporal';
import { startReceiver, type Receiver } from '../notify/receiver';
import { notification } from '../notify/sample-notification';
import { killWorkers, spawnWorker } from './worker-process';

const data = scratchFolder();
let temporal: TestWorkflowEnvironment | undefined;
let receiver: Receiver;
beforeEach(async () => {
  [temporal, receiver] = await Promise.all([startTemporal(), startReceiver()]);
}, 60_000);
afterEach(async () => {
  await killWorkers();
  await receiver.stop();
  await temporal?.teardown();
});

async function startWorker(allowed: string): Promise<void> {
  const secrets = join(data.path, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'KEY'), 'the-secret-key\n');
  writeFileSync(join(secrets, 'HOOK'), `${receiver.url}/the-secret-path\n`);
  const worker = spawnWorker({
    TRAINYARD_DATA: data.path,
    TRAINYARD_WORKER_ROLES: 'control',
    TRAINYARD_INSTALLATION: `test-${randomBytes(6).toString('hex')}`,
    TRAINYARD_NOTIFY_ALLOW_PRIVATE: allowed,
    TRAINYARD_SECRETS: secrets,
    TRAINYARD_API_PUBLIC_URL: 'https://trainyard.example',
    TEMPORAL_ADDRESS: temporal!.address,
  });
  await worker.ready();
}

async function notify(target: Partial<SendNotificationInput['target']>): Promise<WorkflowHandle> {
  const input: SendNotificationInput = { notification: notification(), target: { form: 'json', ...target } };
  const options = { taskQueue: CONTROL_TASK_QUEUE, workflowId: randomUUID(), args: [input] };
  return temporal!.client.workflow.start(NOTIFY_WORKFLOW, options);
}

it('delivers once what is refused twice, each try with the same id and a signature of its own', async () => {
  await startWorker('127.0.0.0/8');
  receiver.answers.push(500, 503);
  const delivery = await notify({ urlSecret: 'HOOK', secret: 'KEY' });
  expect(await delivery.result()).toEqual({ status: 200 });

  expect(receiver.received).toHaveLength(3);
  const [first] = receiver.received;
  for (const { path, headers, body } of receiver.received) {
    const timestamp = Number(headers['trainyard-timestamp']);
    expect([path, headers['trainyard-id'], body]).toEqual(['/the-secret-path', 'n-1', first!.body]);
    expect(headers['trainyard-signature']).toBe(sign('the-secret-key', timestamp, 'n-1', body));
    expect(Math.abs(Date.now() / 1_000 - timestamp)).toBeLessThan(60);
  }
  const times = receiver.received.map(({ headers }) => Number(headers['trainyard-timestamp']));
  expect(times[2]).toBeGreaterThan(times[0]!);
  expect(JSON.parse(first!.body)).toMatchObject({ link: 'https://trainyard.example/v1/runs/digits-1' });
  const history = textIn(await delivery.fetchHistory());
  expect(history).toContain('"secret":"KEY"');
  expect(history).not.toContain('the-secret');
});

it('fails at once, and says why, where the address is closed', async () => {
  await startWorker('10.0.0.0/8');
  const failure = await failureOf(await notify({ url: `${receiver.url}/hook` }));
  expect(failure).toMatchObject({ type: 'notification-failed' });
  expect(failure.message).toContain('"127.0.0.1" is no address of the public internet');
  expect(receiver.received).toEqual([]);
});

/** All text of a history, that of its payloads among it. */
function textIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textIn).join('\n');
}

async function failureOf(delivery: WorkflowHandle): Promise<Error> {
  const error = await delivery.result().catch((thrown: unknown) => thrown);
  if (!(error instanceof WorkflowFailedError)) throw new Error('the delivery did not fail');
  return error.cause!;
}
