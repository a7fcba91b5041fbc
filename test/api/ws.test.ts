import { EventEmitter, setMaxListeners } from 'node:events';

import WebSocket from 'ws';

import { createEventFeed } from '../../api/services/event-feed';
import { pushEvents } from '../../api/services/push-events';
import type { FeedMessage } from '../../contract/http';
import { until } from '../helpers/until';
import { endRun, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let address: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  api = await testApi();
  address = `ws://127.0.0.1:${await api.listen()}/ws`;
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await api.close();
});

async function connect(
  query = '',
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; got: FeedMessage[] }> {
  const feedEnd = jest.spyOn(api.services.runStore, 'feedEnd');
  const socket = new WebSocket(`${address}${query}`, { headers });
  sockets.push(socket);
  const got: FeedMessage[] = [];
  socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as FeedMessage));
  try {
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    // From then on it misses nothing.
    await until(() => feedEnd.mock.calls.length > 0);
  } finally {
    feedEnd.mockRestore();
  }
  return { socket, got };
}

const store = (id: string) => storeRun(api.services.runStore, { id });
const told = (got: FeedMessage[]) => got.map(({ runId, seq }) => `${runId}/${seq}`);

describe('GET /ws', () => {
  test('pushes the events of all runs as they happen', async () => {
    await store('before');
    const { got } = await connect();
    const run = await store('after');
    await until(() => got.length === 2);
    await endRun(api.services.runStore, run);
    await until(() => got.length === 3);

    expect(told(got)).toEqual(['after/1', 'after/2', 'after/3']);
    expect(got[2]).toMatchObject({ type: 'state-changed', state: 'succeeded', message: 'It is succeeded.' });
  });

  test('goes on after a position, and then with what comes', async () => {
    await store('past-1');
    await store('past-2');
    const all = await connect('?after=0');
    await until(() => told(all.got).includes('past-2/2'));
    const from = all.got.find(({ runId, seq }) => runId === 'past-2' && seq === 1)!.position;

    const { got } = await connect(`?after=${from}`);
    await until(() => got.length === 1);
    await store('present');
    await until(() => told(got).includes('present/2') && told(all.got).includes('present/2'));

    expect(told(got)).toEqual(['past-2/2', 'present/1', 'present/2']);
    expect(new Set(told(all.got)).size).toBe(all.got.length);
  });

  test('keeps to one run where asked', async () => {
    const { got } = await connect('?after=0&run=wanted');
    await store('other');
    await store('wanted');
    await until(() => got.length === 2);

    expect(told(got)).toEqual(['wanted/1', 'wanted/2']);
  });

  test('answers pings', async () => {
    const { socket } = await connect();
    const ponged = new Promise((resolve) => socket.once('pong', resolve));
    socket.ping();

    await ponged;
  });

  test('drops who does not read, and nobody else', async () => {
    const slow = await connect();
    const closed = new Promise<number>((resolve) => slow.socket.once('close', resolve));
    const server = [...api.app.websocketServer.clients].at(-1)!;
    Object.defineProperty(server, 'bufferedAmount', { get: () => 2_000_000 });
    const quick = await connect();
    await store('for-the-quick');

    expect(await closed).toBe(1013);
    await until(() => told(quick.got).includes('for-the-quick/2'));
  });

  test.each(['?after=-1', '?after=x', '?what=1'])('refuses %s', async (query) => {
    await expect(connect(query)).rejects.toThrow('400');
  });

  test('refuses a web page of another site', async () => {
    await expect(connect('', { origin: 'http://elsewhere.example' })).rejects.toThrow('403');
  });

  test('tells who comes without a WebSocket what to do', async () => {
    const response = await api.get('/ws');

    expect(response.statusCode).toBe(426);
    expect(response.headers['upgrade']).toBe('websocket');
  });
});

describe('the feed', () => {
  test('gives each listener every event once, whenever it joins', async () => {
    const { runStore, logger } = api.services;
    const feed = createEventFeed(runStore, logger);
    const leave = new AbortController();
    setMaxListeners(50, leave.signal);
    const begin = await runStore.feedEnd();
    const heard: number[][] = [];
    const listeners: Promise<void>[] = [];
    for (let round = 0; round < 20; round += 1) {
      const mine: number[] = [];
      heard.push(mine);
      const listener = {
        send: (events: readonly { position: number }[]) => void mine.push(...events.map(({ position }) => position)),
        ready: async () => {},
      };
      listeners.push(feed.listen(begin, listener, leave.signal));
      await store(`round-${round}`);
    }
    await until(() => heard.every((mine) => mine.length === 40));
    leave.abort();
    await Promise.all(listeners);

    const all = (await runStore.readFeed(begin, 500)).map(({ position }) => position);
    for (const mine of heard) expect(mine).toEqual(all);
  });

  test('does not ask the store while nobody listens', async () => {
    const { runStore, logger } = api.services;
    const readFeed = jest.fn(runStore.readFeed);
    const feed = createEventFeed({ ...runStore, readFeed }, logger);
    const leave = new AbortController();
    const listener = { send: () => {}, ready: async () => {} };
    const listening = feed.listen(undefined, listener, leave.signal);
    await until(() => readFeed.mock.calls.length > 2);
    leave.abort();
    await listening;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = readFeed.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 400));

    expect(readFeed.mock.calls.length).toBe(asked);
  });

  test.each([
    ['takes nothing and is dropped', { readyState: WebSocket.OPEN, bufferedAmount: 2_000_000 }],
    ['is closing', { readyState: WebSocket.CLOSING, bufferedAmount: 0 }],
  ])('is not read on for a socket that %s, long before it is closed', async (_how, state) => {
    const { runStore, logger } = api.services;
    await store('one-event');
    const readFeed = jest.fn(runStore.readFeed);
    const feed = createEventFeed({ ...runStore, readFeed }, logger);
    const sent: string[] = [];
    const socket = Object.assign(new EventEmitter(), {
      ...state,
      OPEN: WebSocket.OPEN,
      send: (message: string) => void sent.push(message),
      close: () => void (socket.readyState = WebSocket.CLOSING),
    });

    await pushEvents(feed, socket as unknown as WebSocket, { after: 0, runId: undefined });

    expect(sent).toEqual([]);
    expect(readFeed.mock.calls.length).toBeLessThanOrEqual(2);
  });

  test('closes the socket with 1011 where the store fails while it catches up', async () => {
    const { runStore, logger } = api.services;
    const feedEnd = async () => Promise.reject(new Error('gone'));
    const feed = createEventFeed({ ...runStore, feedEnd }, logger);
    const { socket } = await connect();

    await expect(pushEvents(feed, socket, { after: undefined, runId: undefined })).rejects.toThrow('gone');
    expect(socket.readyState).toBe(WebSocket.CLOSING);
  });
});
