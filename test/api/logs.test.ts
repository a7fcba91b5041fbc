import { request } from 'node:http';

import { withHeartbeat } from '../../api/services/with-heartbeat';
import type { Run } from '../../contract/run';
import type { LogLine, LogWriter, NewLogLine } from '../../store/log-store';
import { until } from '../helpers/until';
import { countTaken } from './count-taken';
import { openLines } from './open-lines';
import { endRun, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
  const writer = await start('done');
  await writer.append([line('one', 1), line('two', 2, 'stderr'), line('', 3), line('vier ü', 4)]);
  await writer.append([line('a word from us', 5, 'system')]);
  await writer.close();
  await storeRun(api.services.runStore, { id: 'done', state: 'succeeded', reason: 'completed' });
});
afterAll(async () => api.close());

function line(text: string, second: number, stream: NewLogLine['stream'] = 'stdout'): NewLogLine {
  return { time: `2026-01-01T00:00:0${second}.000000001Z`, stream, text };
}

async function start(id: string): Promise<LogWriter> {
  await storeRun(api.services.runStore, { id });
  return api.services.logStore.openWriter(id, 1);
}

const logs = (id: string, query = '', headers = {}) => api.get(`/v1/runs/${id}/logs?${query}`, headers);

describe('GET /v1/runs/{id}/logs', () => {
  test('gives the bare lines as text', async () => {
    const response = await logs('done');

    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(response.body).toBe('one\ntwo\n\nvier ü\n');
  });

  test('puts time and stream before each line where asked', async () => {
    expect((await logs('done', 'timestamps=true&tail=1')).body).toBe('2026-01-01T00:00:04.000000001Z stdout vier ü\n');
  });

  test.each([
    ['from=3', '\nvier ü\n'],
    ['tail=2', '\nvier ü\n'],
    ['tail=0', ''],
    ['stream=stderr', 'two\n'],
    ['stream=stderr&stream=system', 'two\na word from us\n'],
    ['system=true&from=4', 'vier ü\na word from us\n'],
    ['attempt=2', ''],
  ])('with "%s" gives those lines', async (query, body) => {
    expect((await logs('done', query)).body).toBe(body);
  });

  test.each([
    ['format=ndjson', {}],
    ['', { accept: 'application/x-ndjson' }],
  ])('gives an object per line as NDJSON (%s %j)', async (query, headers) => {
    const response = await logs('done', query, headers);

    const lines = response.body.trimEnd().split('\n');
    expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(lines.map((each) => (JSON.parse(each) as LogLine).number)).toEqual([1, 2, 3, 4]);
    expect(JSON.parse(lines[1]!)).toEqual({ ...line('two', 2, 'stderr'), number: 2, attempt: 1 });
  });

  test('is empty for a run that has printed nothing yet', async () => {
    await storeRun(api.services.runStore, { id: 'silent' });

    expect(await logs('silent')).toMatchObject({ statusCode: 200, body: '' });
  });

  test('takes no HEAD, which would have to read everything', async () => {
    expect((await api.request({ method: 'HEAD', url: '/v1/runs/done/logs' })).statusCode).toBe(405);
  });

  test.each(['format=xml', 'from=0', 'tail=-1', 'stream=stdin', 'follow=maybe', 'tale=1'])(
    'answers 400 to %s',
    async (query) => {
      expect((await logs('done', query)).statusCode).toBe(400);
    },
  );
});

describe('server-sent events', () => {
  test('have the number of the line as id, and an end', async () => {
    const response = await logs('done', '', { accept: 'text/event-stream' });

    const events = response.body.split('\n\n').filter((event) => event.includes('data:'));
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(events.slice(0, -1).map((event) => /^id: (\d+)$/m.exec(event)?.[1])).toEqual(['1', '2', '3', '4']);
    expect(events.at(-1)).toBe('event: end\nid: 5\ndata: {"state":"succeeded","reason":"completed","message":null}');
  });

  test('go on after Last-Event-ID', async () => {
    const response = await logs('done', 'format=sse&tail=1', { 'last-event-id': '2' });

    expect(response.body.match(/"number":\d+/g)).toEqual(['"number":3', '"number":4']);
  });

  test('answer 204 to one who has everything, so that a browser does not come again', async () => {
    expect((await logs('done', 'format=sse', { 'last-event-id': '5' })).statusCode).toBe(204);
  });

  test('end with the id of the last line of all, so that one who comes again has everything', async () => {
    const response = await logs('done', 'format=sse&grep=one');
    const ids = [...response.body.matchAll(/^id: (\d+)$/gm)].map((match) => match[1]!);

    expect(ids).toEqual(['0', '1', '5']);
    expect((await logs('done', 'format=sse&grep=one', { 'last-event-id': ids.at(-1)! })).statusCode).toBe(204);
  });

  test('show that they live while nothing happens', async () => {
    const never: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => new Promise(() => {}),
        return: async () => ({ done: true, value: undefined }),
      }),
    };
    const beats = withHeartbeat(never, 1);

    expect([(await beats.next()).value, (await beats.next()).value]).toEqual(['heartbeat', 'heartbeat']);
    await beats.return();
  });
});

describe('a follow', () => {
  let run: Run;
  let writer: LogWriter;

  beforeEach(async () => {
    const id = `live-${Math.random().toString(36).slice(2)}`;
    writer = await start(id);
    run = (await api.services.runStore.getRun(id))!.run;
  });
  afterEach(async () => writer.close());

  const path = (query: string) => `/v1/runs/${run.id}/logs?${query}`;

  test('begins at once, gives lines as they come, and ends with the run', async () => {
    const reader = await openLines(port, path('follow=true'));
    expect(reader.status).toBe(200);

    await writer.append([line('one', 1)]);
    await until(() => reader.lines.length === 1);
    await writer.append([line('two', 2), line('three', 3)]);
    await until(() => reader.lines.length === 3);
    await endRun(api.services.runStore, run);
    await reader.ended;

    expect(reader.lines).toEqual(['one', 'two', 'three']);
  });

  test('as NDJSON does the same', async () => {
    const reader = await openLines(port, path('follow=true&format=ndjson'));
    await writer.append([line('one', 1)]);
    await endRun(api.services.runStore, run);
    await reader.ended;

    expect(reader.lines.map((each) => (JSON.parse(each) as LogLine).text)).toEqual(['one']);
  });

  test('as server-sent events can be taken up where it was cut off', async () => {
    const first = await openLines(port, path('format=sse'));
    await writer.append([line('one', 1), line('two', 2)]);
    await until(() => first.lines.includes('id: 2'));
    first.leave();
    await writer.append([line('three', 3)]);

    const second = await openLines(port, path('format=sse'), { 'last-event-id': '2' });
    await until(() => second.lines.includes('id: 3'));
    await endRun(api.services.runStore, run);
    await second.ended;

    expect(second.lines.join().match(/"number":\d+/g)).toEqual(['"number":3']);
    expect(second.lines).toContain('event: end');
  });

  test('stops when its reader leaves', async () => {
    const follow = jest.spyOn(api.services.logStore, 'follow');
    const reader = await openLines(port, path('follow=true'));
    await until(() => follow.mock.calls.length === 1);
    const { signal } = follow.mock.calls[0]![1];
    expect(signal.aborted).toBe(false);

    reader.leave();

    await until(() => signal.aborted);
    follow.mockRestore();
  });

  test('does not read ahead of a reader that takes nothing', async () => {
    const text = 'x'.repeat(1_000);
    for (let batch = 0; batch < 40; batch += 1) {
      await writer.append(Array.from({ length: 1_000 }, () => line(text, 1)));
    }
    await endRun(api.services.runStore, run);
    const taken = countTaken(api.services.logStore);
    const stalled = await stall(port, path('follow=true'));
    await until(() => taken.lines() > 0);
    await taken.settled();

    // A socket holds some; the rest stays on disk.
    expect(taken.lines()).toBeLessThan(20_000);
    expect((await api.get('/v1/runs/done/logs')).statusCode).toBe(200);
    stalled.destroy();
    taken.restore();
  });
});

test('a server that closes breaks follows off and does not wait for them', async () => {
  const other = await api.again();
  await storeRun(other.services.runStore, { id: 'endless' });
  const reader = await openLines(await other.listen(), '/v1/runs/endless/logs?follow=true');

  await other.app.close();

  await expect(reader.ended).rejects.toThrow();
});

/** A client that sends its request and never reads the answer. */
async function stall(toPort: number, path: string): Promise<{ destroy(): void }> {
  return new Promise((resolve, reject) => {
    const client = request({ port: toPort, path, headers: { host: 'localhost' } }, (response) => {
      response.pause();
      resolve(response);
    });
    client.on('error', reject);
    client.end();
  });
}
