import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Notification } from '../../contract/notification';
import type { Problem } from '../../contract/problem';
import { sign } from '../../notify/signature';
import { inState, post, shellRun, submit } from '../helpers/runs';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';
import { startReceiver, type Receiver } from '../notify/receiver';

jest.setTimeout(180_000);

let server: SharedServer;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await sharedServer();
  writeFileSync(join(server.secrets, 'HOOK_KEY'), 'key\n');
});

afterAll(async () => receiver.stop());

const received = (id: string) =>
  receiver.received
    .map(({ headers, body }) => ({ headers, body, told: JSON.parse(body) as Notification }))
    .filter(({ told }) => told.run.id === id);

it('tells a webhook that a run runs, and that it succeeded', async () => {
  const notify = [{ url: `${receiver.url}/hook`, on: ['running', 'succeeded'], secret: 'HOOK_KEY' }];
  const id = await submit(server.url, shellRun('echo trained', { notify, labels: { team: 'vision' } }));
  await inState(server.url, id, 'succeeded');
  await until(() => received(id).length === 2);

  for (const { headers, body, told } of received(id)) {
    expect(headers['trainyard-signature']).toBe(sign('key', Number(headers['trainyard-timestamp']), told.id, body));
    expect(told).toMatchObject({ run: { id, attempt: 1, labels: { team: 'vision' } } });
  }
  const byType = Object.fromEntries(received(id).map(({ told }) => [told.type, told]));
  expect(byType['running']).toMatchObject({ run: { state: 'running', exitCode: null }, ended: null });
  expect(byType['succeeded']).toMatchObject({
    run: { state: 'succeeded', reason: 'completed', exitCode: 0 },
    ended: { attempt: 1, reason: 'completed' },
  });
});

it('ends a run at its admission whose secret the worker does not have', async () => {
  const notify = [{ url: receiver.url, on: ['failed'], secret: 'NO_SUCH_KEY' }];
  const run = await inState(server.url, await submit(server.url, shellRun('true', { notify })), 'failed');
  expect(run).toMatchObject({ reason: 'invalid-spec', attempt: 0 });
  expect(run.message).toContain('notify[0].secret: there is no secret NO_SUCH_KEY; put it into a file of that name');
});

it('refuses a target inside the network at submission', async () => {
  const notify = [{ url: 'http://169.254.169.254/latest/meta-data', on: ['failed'] }];
  const { status, body } = await post<Problem>(`${server.url}/v1/runs`, shellRun('true', { notify }));
  expect([status, body.errors?.map(({ path }) => path)]).toEqual([400, ['notify[0].url']]);
});
