import WebSocket from 'ws';

import { openLines } from './open-lines';
import { storeGang, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
  const { runStore } = api.services;
  await storeGang(runStore, 'once', 1);
  await storeGang(runStore, 'twice', 2);
  await storeRun(runStore, { id: 'waits', state: 'queued', attempt: 0 }, { nodes: 3 });
  await storeRun(runStore, { id: 'alone' });
  for (const id of ['once', 'once.e1.n1', 'twice', 'twice.e1.n2', 'twice.e2.n2', 'alone']) await write(id);
});
afterAll(async () => api.close());

async function write(id: string): Promise<void> {
  const writer = await api.services.logStore.openWriter(id, 1);
  const time = '2026-01-01T00:00:00.000000001Z';
  await writer.append([`first of ${id}`, `second of ${id}`].map((text) => ({ time, stream: 'stdout', text })));
  await writer.close();
}

const logs = (id: string, query: string, headers = {}) => api.get(`/v1/runs/${id}/logs?${query}`, headers);

describe('the logs of the nodes of a gang', () => {
  test.each([
    ['once', 'node=1', 'once.e1.n1'],
    ['once', 'node=0', 'once'],
    ['twice', '', 'twice'],
    ['twice', 'node=2', 'twice.e2.n2'],
    ['twice', 'node=2&attempt=1', 'twice.e1.n2'],
    ['alone', 'node=0', 'alone'],
  ])('of %s with "%s" is that of run %s, and says whose it is', async (id, query, runId) => {
    const response = await logs(id, query);

    expect(response).toMatchObject({ statusCode: 200, body: `first of ${runId}\nsecond of ${runId}\n` });
    expect(response.headers['content-location']).toBe(`/v1/runs/${runId}/logs`);
  });

  test('is filtered as any', async () => {
    expect((await logs('once', 'node=1&tail=1')).body).toBe('second of once.e1.n1\n');
    expect((await logs('once', 'node=1&from=2')).body).toBe('second of once.e1.n1\n');
  });

  test.each([
    ['once', 'node=3', 'node', 'must be from 0 to 2: the run "once" has 3 nodes'],
    ['alone', 'node=1', 'node', 'must be 0 or left out: the run "alone" has one node'],
    ['once.e1.n1', 'node=2', 'node', 'is for gangs: the run "once.e1.n1" is itself node 1 of "once"'],
    ['twice', 'node=2&from=2', 'attempt', 'must be named'],
  ])('of %s with "%s" is refused with the field %s and the mend', async (id, query, path, message) => {
    const response = await logs(id, query);

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ errors: [{ path, message: expect.stringContaining(message) }] });
  });

  test('does not go on in the log of another attempt after a cut', async () => {
    const sse = { accept: 'text/event-stream', 'last-event-id': '1' };
    expect(await logs('twice', 'node=2', sse)).toMatchObject({ statusCode: 400 });
    expect((await logs('twice', 'node=2&attempt=1', sse)).body).toContain('second of twice.e1.n2');
  });

  test.each([
    ['waits', 'node=1', 'The run "waits" has no node 1 yet; it is queued.'],
    ['once', 'node=1&attempt=2', 'The run "once" has no node 1 in an attempt 2.'],
  ])('of %s with "%s" is not there', async (id, query, detail) => {
    const response = await logs(id, query);

    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ detail });
  });

  test('can be followed over a WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/runs/twice/logs?node=2&attempt=1`);
    const texts: unknown[] = [];
    socket.on('message', (data: Buffer) => texts.push((JSON.parse(data.toString()) as { text?: string }).text));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(texts).toEqual(['first of twice.e1.n2', 'second of twice.e1.n2', undefined]);
  });

  test('can be followed as text until the node has ended', async () => {
    const followed = await openLines(port, '/v1/runs/twice/logs?node=2&attempt=1&follow=true');
    await followed.ended;
    expect(followed.lines).toEqual(['first of twice.e1.n2', 'second of twice.e1.n2']);
  });
});
