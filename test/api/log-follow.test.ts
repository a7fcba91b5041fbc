import { type LogRequest, openLog } from '../../api/services/read-log';
import { LOG_FROM_HEADER } from '../../contract/log-place';
import type { LogWriter } from '../../store/log-store';
import { until } from '../helpers/until';
import { openLines } from './open-lines';
import { storeGang, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let port: number;
beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
});
afterAll(async () => api.close());

let id: string;
let writer: LogWriter;
let leaving: AbortController;
let open: AsyncGenerator<string>[];

beforeEach(async () => {
  id = `live-${Math.random().toString(36).slice(2)}`;
  leaving = new AbortController();
  open = [];
  await storeRun(api.services.runStore, { id });
  writer = await api.services.logStore.openWriter(id, 1);
});
afterEach(async () => {
  leaving.abort();
  for (const pieces of open) await pieces.return(undefined);
  await writer.close();
});

const print = async (...texts: string[]): Promise<void> =>
  writer.append(
    texts.map((text) => ({ time: new Date().toISOString().replace('Z', '000000Z'), stream: 'stdout', text })),
  );

/** What a client gets, piece by piece. */
async function follow(
  format: LogRequest['format'],
  { query = {}, heartbeatMs = 20 }: Partial<Pick<LogRequest, 'query' | 'heartbeatMs'>> = {},
): Promise<() => Promise<string>> {
  const request = { runId: id, format, follow: true, timestamps: false, query, signal: leaving.signal };
  const { pieces } = await openLog(api.services, { ...request, heartbeatMs });
  open.push(pieces);
  return async () => (await pieces.next()).value as string;
}

describe('the heartbeat of a follow', () => {
  test('is an empty line of NDJSON, so that no client takes its silence for a loss', async () => {
    const next = await follow('ndjson');
    expect([await next(), await next(), await next()]).toEqual(['', '\n', '\n']);
    await print('one');
    let piece = await next();
    while (piece === '\n') piece = await next();
    expect(JSON.parse(piece)).toMatchObject({ number: 1, text: 'one' });
  });

  test('is nothing in text, which has only what was printed', async () => {
    const next = await follow('text');
    const beside = await follow('ndjson');
    expect(await next()).toBe('');
    const coming = next();
    expect([await beside(), await beside(), await beside(), await beside()]).toEqual(['', '\n', '\n', '\n']);
    await print('one');
    expect(await coming).toBe('one\n');
  });
});

describe('a follow that is cut off before its first line', () => {
  const past = '2026-01-01T00:00:00.000000000Z';
  const path = (query: string): string => `/v1/runs/${id}/logs?${query}`;

  test.each<[LogRequest['query'], number]>([
    [{}, 0],
    [{ from: 3 }, 2],
    [{ tail: 0 }, 4],
    [{ tail: 0, from: 9 }, 8],
    [{ tail: 2 }, 2],
    [{ tail: 9 }, 0],
    [{ tail: 1, matches: (text) => text === 'b' }, 1],
    [{ tail: 1, matches: () => false }, 4],
    [{ since: '2999-01-01T00:00:00.000000000Z' }, 4],
    [{ since: past, matches: (text) => text === 'c' }, 2],
  ])('has been told by server-sent events where it stands (%j)', async (query, last) => {
    await print('a', 'b', 'c', 'd');
    const next = await follow('sse', { query, heartbeatMs: 60_000 });
    expect([await next(), await next()]).toEqual(['retry: 2000\n\n', `id: ${last}\n\n`]);
  });

  test('is told on with each heartbeat, so that a search without hits is not done again', async () => {
    await print('a');
    const next = await follow('sse', { query: { tail: 0, matches: () => false } });
    await until(async () => (await next()) === ': still here\nid: 1\n\n', { everyMs: 1 });
    await print('b', 'c');
    await until(async () => (await next()) === ': still here\nid: 3\n\n', { everyMs: 1 });
  });

  test('goes on with all that was printed meanwhile, as server-sent events', async () => {
    await print('old');
    const first = await openLines(port, path('format=sse&tail=0&since=10m'));
    const told = await until(() => first.lines.find((line) => line.startsWith('id: ')));
    first.leave();
    await print('two', 'three');

    const second = await openLines(port, path('format=sse&tail=0&since=10m'), { 'last-event-id': told.slice(4) });
    await until(() => second.lines.includes('id: 3'));
    second.leave();
    expect(second.lines.join().match(/"number":\d+/g)).toEqual(['"number":2', '"number":3']);
  });

  test.each([
    ['format=ndjson&follow=true', '1'],
    ['format=ndjson&follow=true&tail=0', '5'],
    ['format=ndjson&follow=true&tail=0&grep=x', '5'],
    ['format=ndjson&follow=true&tail=3&since=10m', '2'],
    ['format=ndjson&tail=3', undefined],
    ['format=text&follow=true&tail=3', undefined],
  ])('has been told by NDJSON in the head where it begins (%s)', async (query, from) => {
    await print('a', 'b', 'c', 'd');
    const { headers, leave } = await openLines(port, path(query));
    leave();
    expect(headers[LOG_FROM_HEADER]).toBe(from);
  });

  test('may go on with the newest log of the node of a gang, where it was told of none', async () => {
    await storeGang(api.services.runStore, `gang-${id}`, 2);
    const query = `/v1/runs/gang-${id}/logs?format=sse&node=2&follow=false`;
    expect((await api.get(query, { 'last-event-id': '0' })).statusCode).toBe(200);
    expect((await api.get(query, { 'last-event-id': '1' })).statusCode).toBe(400);
  });
});
