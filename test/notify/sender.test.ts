import { writeFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { SendNotificationInput } from '../../contract/notification';
import { createAddressRules } from '../../notify/addresses';
import { openSecretFolder } from '../../notify/secrets';
import { createSender, DeliveryError, type SenderDeps } from '../../notify/sender';
import { sign } from '../../notify/signature';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { startReceiver, type Receiver } from './receiver';
import { notification } from './sample-notification';

const NOW_MS = Date.parse('2026-11-24T10:00:00.900Z');
const NOW = Math.floor(NOW_MS / 1_000);

const scratch = scratchFolder();
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => receiver.stop());

function send(target: Partial<SendNotificationInput['target']>, deps: Partial<SenderDeps> = {}) {
  const sender = createSender({
    rules: createAddressRules(['127.0.0.1']),
    secrets: openSecretFolder(scratch.path),
    publicUrl: '',
    now: () => NOW_MS,
    ...deps,
  });
  const input = { notification: notification(), target: { form: 'json' as const, ...target } };
  return sender.send(input, new AbortController().signal);
}

async function failureOf(sending: Promise<unknown>): Promise<DeliveryError> {
  const error = await sending.catch((thrown: unknown) => thrown);
  if (!(error instanceof DeliveryError)) throw new Error(`it was not refused: ${String(error)}`);
  return error;
}

const putSecret = (name: string, value: string) => writeFileSync(join(scratch.path, name), value);

describe('a notification', () => {
  it('is sent by POST, with its id, the time of this try and a signature of the bytes', async () => {
    putSecret('KEY', 'the key\n');
    expect(await send({ url: `${receiver.url}/hook?a=1`, secret: 'KEY' })).toEqual({ status: 200 });

    const [{ method, path, headers, body }] = receiver.received as [Receiver['received'][number]];
    expect([method, path, receiver.received.length]).toEqual(['POST', '/hook?a=1', 1]);
    expect(JSON.parse(body)).toEqual({ ...notification(), link: null });
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Trainyard',
      'trainyard-id': 'n-1',
      'trainyard-timestamp': String(NOW),
      'trainyard-signature': sign('the key', NOW, 'n-1', body),
    });
  });

  it('is not signed without a secret', async () => {
    await send({ url: receiver.url });
    expect(receiver.received[0]!.headers).not.toHaveProperty('trainyard-signature');
  });

  it('goes to the address in a secret, in the form of Slack', async () => {
    putSecret('SLACK_URL', `${receiver.url}/services/T0/B0/x\n`);
    await send({ urlSecret: 'SLACK_URL', form: 'slack' });
    expect(receiver.received[0]!.path).toBe('/services/T0/B0/x');
    expect(JSON.parse(receiver.received[0]!.body)).toEqual({ text: expect.stringContaining('*digits* is *failed*') });
  });

  it('is delivered though its receiver writes without end, or breaks off after the status', async () => {
    receiver.answers.push(
      (answer) => {
        const more = (): void => {
          while (!answer.destroyed && answer.write('x'.repeat(65_536)));
          answer.once('drain', more);
        };
        answer.writeHead(202);
        more();
      },
      (answer) => {
        answer.writeHead(201, { 'content-length': '10' });
        answer.write('x', () => answer.destroy());
      },
    );
    expect(await send({ url: receiver.url })).toEqual({ status: 202 });
    expect(await send({ url: receiver.url })).toEqual({ status: 201 });
  });

  it('is delivered though the rest of the answer never comes', async () => {
    const sent = await until(() => {
      receiver.answers.push((answer) => answer.writeHead(200).flushHeaders());
      // A process that stands still for longer takes it for no answer, and tries again.
      return send({ url: receiver.url }, { timeoutMs: 300 });
    });
    expect(sent).toEqual({ status: 200 });
  });
});

describe('what the receiver answers', () => {
  it.each([500, 502, 503, 408, 425, 429])('%d is tried again', async (status) => {
    receiver.answers.push(status);
    const failure = await failureOf(send({ url: receiver.url }));
    expect(failure).toMatchObject({ isFinal: false, message: `the receiver answered ${status}` });
  });

  it.each([400, 401, 404, 410])('%d is final', async (status) => {
    receiver.answers.push(status);
    expect(await failureOf(send({ url: receiver.url }))).toMatchObject({ isFinal: true });
  });

  it('a redirect is final, and nobody goes where it leads', async () => {
    receiver.answers.push((answer) => answer.writeHead(307, { location: `${receiver.url}/inside` }).end());
    const failure = await failureOf(send({ url: receiver.url }));
    expect(failure.message).toContain('answered 307, a redirect, and those are not followed');
    expect(failure.isFinal).toBe(true);
    expect(receiver.received).toHaveLength(1);
  });

  it('may ask for patience', async () => {
    receiver.answers.push((answer) => answer.writeHead(503, { 'retry-after': '120' }).end());
    expect(await failureOf(send({ url: receiver.url }))).toMatchObject({ isFinal: false, retryAfterMs: 120_000 });
  });

  it('nothing in time is tried again', async () => {
    receiver.answers.push(() => {});
    const failure = await failureOf(send({ url: receiver.url }, { timeoutMs: 200 }));
    expect(failure).toMatchObject({ isFinal: false, message: expect.stringContaining('no answer within 0.2 s') });
  });

  it('nobody there is tried again', async () => {
    const { url } = receiver;
    await receiver.stop();
    expect(await failureOf(send({ url }))).toMatchObject({
      isFinal: false,
      message: 'the receiver cannot be reached: ECONNREFUSED',
    });
    receiver = await startReceiver();
  });
});

describe('a closed address', () => {
  const rules = createAddressRules([]);

  it.each(['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost', 'a.localhost'])(
    'is not connected to as %s',
    async (host) => {
      const url = receiver.url.replace('127.0.0.1', host);
      const failure = await failureOf(send({ url }, { rules }));
      // A machine may not know names below localhost at all.
      if (failure.isFinal) expect(failure.message).toContain('is no address of the public internet');
      else expect(failure.message).toContain('ENOTFOUND');
      expect(receiver.received).toEqual([]);
    },
  );

  it('is judged by the address that is connected to, of a name only those that pass', async () => {
    const server = createServer((_, answer) => answer.end());
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port, address } = server.address() as AddressInfo;
    const asked: string[] = [];
    const only = { ...rules, allows: (candidate: string) => asked.push(candidate) > 0 && candidate === address };
    expect(await send({ url: `http://localhost:${port}` }, { rules: only })).toEqual({ status: 200 });
    expect(asked.toSorted()).toEqual((await lookup('localhost', { all: true })).map((one) => one.address).toSorted());
    await new Promise((resolve) => server.close(resolve));
  });

  it('stands in no failure where it is a secret', async () => {
    putSecret('HOOK', `${receiver.url}/very-secret`);
    const closed = await failureOf(send({ urlSecret: 'HOOK' }, { rules }));
    expect(closed).toMatchObject({
      isFinal: true,
      message: expect.stringContaining('what the secret HOOK holds is no'),
    });
    putSecret('HOOK', 'http://user:very-secret@10.0.0.1/');
    const bad = await failureOf(send({ urlSecret: 'HOOK' }));
    putSecret('HOOK', 'http://very-secret.invalid/');
    const unknown = await failureOf(send({ urlSecret: 'HOOK' }));
    for (const { message } of [closed, bad, unknown]) expect(message).not.toMatch(/very-secret|127|10[.]0/);
  });
});

it.each(['secret', 'urlSecret'])('a %s that is not there is final, and named', async (field) => {
  const target = field === 'secret' ? { url: receiver.url, secret: 'GONE' } : { urlSecret: 'GONE' };
  expect(await failureOf(send(target))).toMatchObject({
    isFinal: true,
    message: expect.stringContaining('there is no secret GONE'),
  });
  expect(receiver.received).toEqual([]);
});
