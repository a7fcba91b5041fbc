import WebSocket from 'ws';

import type { LogBegin, LogEnd } from '../../contract/http';
import type { LogLine, LogWriter, NewLogLine } from '../../store/log-store';
import { until } from '../helpers/until';
import { countTaken } from './count-taken';
import { endRun, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let address: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  api = await testApi();
  address = `ws://127.0.0.1:${await api.listen()}/v1/runs`;
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await api.close();
});

interface Reader {
  socket: WebSocket;
  /** What came, in the order in which it came. */
  got: (LogLine | LogBegin | LogEnd)[];
  /** The code with which it was closed. */
  closed: Promise<number>;
}

async function connect(path: string): Promise<Reader> {
  const socket = new WebSocket(`${address}/${path}`);
  sockets.push(socket);
  const got: Reader['got'] = [];
  socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as LogLine));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return { socket, got, closed };
}

const numbers = ({ got }: Reader): unknown[] => got.map((each) => ('event' in each ? each.event : each.number));

const line = (text: string, stream: NewLogLine['stream'] = 'stdout'): NewLogLine => ({
  time: '2026-01-01T00:00:00.000000001Z',
  stream,
  text,
});

let id: string;
let writer: LogWriter;

beforeEach(async () => {
  id = `live-${Math.random().toString(36).slice(2)}`;
  await storeRun(api.services.runStore, { id });
  writer = await api.services.logStore.openWriter(id, 1);
});
afterEach(async () => writer.close());

const end = async () => endRun(api.services.runStore, (await api.services.runStore.getRun(id))!.run);

/** A client of a log of 40,000 lines that takes nothing any more; no more of the log is read for it by then. */
async function readSlowly(): Promise<{ slow: Reader; taken: ReturnType<typeof countTaken> }> {
  for (let batch = 0; batch < 40; batch += 1) {
    await writer.append(Array.from({ length: 1_000 }, () => line('x'.repeat(1_000))));
  }
  await end();
  const taken = countTaken(api.services.logStore);
  const slow = await connect(`${id}/logs`);
  slow.socket.pause();
  await until(() => taken.lines() > 0);
  await taken.settled();
  return { slow, taken };
}

describe('a WebSocket on /v1/runs/{id}/logs', () => {
  test('has the lines there are, those that come, and the end', async () => {
    await writer.append([line('one'), line('two', 'stderr')]);
    const reader = await connect(`${id}/logs`);
    await until(() => reader.got.length === 2);
    await writer.append([line('three')]);
    await until(() => reader.got.length === 3);
    await end();

    expect(await reader.closed).toBe(1000);
    expect(reader.got[1]).toEqual({ number: 2, attempt: 1, ...line('two', 'stderr') });
    expect(reader.got.at(-1)).toEqual({ event: 'end', state: 'succeeded', reason: 'completed', message: null });
    expect(numbers(reader)).toEqual([1, 2, 3, 'end']);
  });

  test('goes on where one that was cut off left off, and loses and doubles nothing', async () => {
    await writer.append([line('1'), line('2'), line('3')]);
    const first = await connect(`${id}/logs`);
    await until(() => first.got.length === 3);
    first.socket.terminate();
    await writer.append([line('4')]);

    const second = await connect(`${id}/logs?from=4`);
    await writer.append([line('5')]);
    await end();
    await second.closed;

    expect([...numbers(first), ...numbers(second)]).toEqual([1, 2, 3, 4, 5, 'end']);
  });

  test.each([
    ['tail=0', 4, []],
    ['tail=1', 3, [3]],
    ['since=10m', 4, []],
    ['tail=1&grep=2', 2, [2]],
  ])('with %s is told first that it begins at %i, in case it is cut off', async (query, from, shown) => {
    await writer.append([line('1'), line('2'), line('3')]);
    const reader = await connect(`${id}/logs?${query}`);
    await until(() => reader.got.length > 0);
    expect(reader.got[0]).toEqual({ event: 'begin', from });
    await end();
    await reader.closed;
    expect(numbers(reader)).toEqual(['begin', ...shown, 'end']);
  });

  test.each([
    ['follow=false', [1, 2, 3, 'end']],
    ['follow=false&tail=1&grep=o', [2, 'end']],
    ['until=1m', [1, 2, 3, 'end']],
    ['follow=false&since=1m', ['end']],
    ['follow=false&stream=stderr', [3, 'end']],
  ])('with %s has %j', async (query, expected) => {
    await writer.append([line('one'), line('two'), line('three', 'stderr')]);
    const reader = await connect(`${id}/logs?${query}`);

    expect(await reader.closed).toBe(1000);
    expect(numbers(reader)).toEqual(expected);
    expect(reader.got.at(-1)).toMatchObject({ event: 'end', state: 'running' });
  });

  test.each([
    ['from=0', '400'],
    ['grep=(', '400'],
    ['since=x', '400'],
    ['until=1m&follow=true', '400'],
    ['format=text', '400'],
  ])('is refused for %s with %s before it is one', async (query, status) => {
    await expect(connect(`${id}/logs?${query}`)).rejects.toThrow(status);
  });

  test('is refused for a run that cannot be found', async () => {
    await expect(connect('no%20id/logs')).rejects.toThrow('404');
    await expect(connect('nobody/logs')).rejects.toThrow('503');
  });

  test('is refused for a log that was removed', async () => {
    await writer.close();
    await api.services.logStore.remove(id, 'it is old');

    await expect(connect(`${id}/logs`)).rejects.toThrow('410');
  });

  test('stops reading when its client is gone', async () => {
    const follow = jest.spyOn(api.services.logStore, 'follow');
    const { socket } = await connect(`${id}/logs`);
    const { signal } = await until(() => follow.mock.calls[0]?.[1]);
    expect(signal.aborted).toBe(false);

    socket.terminate();

    await until(() => signal.aborted);
    follow.mockRestore();
  });

  test('that is closing is read nothing for any more, although its client takes nothing', async () => {
    const { slow, taken } = await readSlowly();
    const before = taken.lines();

    // Its answer waits behind what is not taken, so that the socket of the server is closing for long.
    slow.socket.close();
    await until(() => [...api.app.websocketServer.clients].every((socket) => socket.readyState !== socket.OPEN));
    await taken.settled();
    taken.restore();

    expect(taken.lines() - before).toBeLessThan(2_000);
    slow.socket.terminate();
  }, 60_000);

  test('that takes nothing is read nothing ahead for, hurts nobody, and gets every line once it reads again', async () => {
    const { slow, taken } = await readSlowly();
    const buffered = [...api.app.websocketServer.clients].map(({ bufferedAmount }) => bufferedAmount);
    const takenWhilePaused = taken.lines();
    taken.restore();

    // Sockets of the kernel hold some; the rest stays on disk.
    expect(takenWhilePaused).toBeLessThan(20_000);
    expect(Math.max(...buffered)).toBeLessThan(2_000_000);
    const quick = await connect(`${id}/logs?from=39999`);
    await quick.closed;
    expect(numbers(quick)).toEqual([39_999, 40_000, 'end']);

    slow.socket.resume();
    expect(await slow.closed).toBe(1000);
    expect(numbers(slow)).toEqual([...Array.from({ length: 40_000 }, (_, index) => index + 1), 'end']);
  }, 60_000);
});
