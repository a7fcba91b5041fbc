import type { LogWriter, NewLogLine } from '../../store/log-store';
import { until } from '../helpers/until';
import { openLines } from './open-lines';
import { endRun, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
  const writer = await start('digits');
  await writer.append([
    line('loss 0.9', '00:00.5'),
    line('Warning: slow', '00:01.25', 'stderr'),
    line('loss 0.5 größe', '00:02'),
  ]);
  await writer.close();
  const second = await api.services.logStore.openWriter('digits', 2);
  await second.append([line('loss 0.1', '01:00'), line('note', '01:01', 'system'), line('(a+)+$', '01:02')]);
  await second.close();
  await storeRun(api.services.runStore, { id: 'digits', state: 'succeeded', reason: 'completed' });
});
afterAll(async () => api.close());

function line(text: string, minuteAndSecond: string, stream: NewLogLine['stream'] = 'stdout'): NewLogLine {
  const [whole, fraction = ''] = minuteAndSecond.split('.') as [string, string?];
  return { time: `2026-01-01T00:${whole}.${fraction.padEnd(9, '0')}Z`, stream, text };
}

async function start(id: string): Promise<LogWriter> {
  await storeRun(api.services.runStore, { id });
  return api.services.logStore.openWriter(id, 1);
}

const logs = (query: string, id = 'digits') => api.get(`/v1/runs/${id}/logs?${query}`);

test.each([
  ['since=2026-01-01T00:00:02Z', 'loss 0.5 größe\nloss 0.1\n(a+)+$\n'],
  ['since=2026-01-01T00:00:01.25Z&until=2026-01-01T00:01:00Z', 'Warning: slow\nloss 0.5 größe\n'],
  ['since=2026-01-01T02:00:02%2B02:00&attempt=1', 'loss 0.5 größe\n'],
  ['since=2026-01-01T02:00:02+02:00&attempt=1', 'loss 0.5 größe\n'],
  ['since=10m', ''],
  ['until=10m&tail=1', '(a+)+$\n'],
  ['grep=loss', 'loss 0.9\nloss 0.5 größe\nloss 0.1\n'],
  ['grep=loss&tail=2', 'loss 0.5 größe\nloss 0.1\n'],
  ['grep=^loss 0.[0-5]', 'loss 0.5 größe\nloss 0.1\n'],
  ['grep=warning', ''],
  ['grep=warning&ignoreCase=true', 'Warning: slow\n'],
  ['grep=GRÖSSE|GRÖßE&ignoreCase=true', 'loss 0.5 größe\n'],
  ['grep=(a%2B)%2B%24&literal=true', '(a+)+$\n'],
  ['grep=(A%2B)%2B%24&literal=true&ignoreCase=true', '(a+)+$\n'],
  ['grep=note&system=true', 'note\n'],
  ['grep=loss&attempt=2', 'loss 0.1\n'],
  ['grep=loss&from=2&since=2026-01-01T00:00:00Z&tail=9', 'loss 0.5 größe\nloss 0.1\n'],
])('GET /v1/runs/{id}/logs?%s gives these lines', async (query, body) => {
  expect((await logs(query)).body).toBe(body);
});

test.each([
  ['since=yesterday', 'since', 'must be a time or how long ago it is; got "yesterday"; write one such as'],
  ['since=2026-02-30T00:00:00Z', 'since', 'got "2026-02-30T00:00:00Z"'],
  ['until=2026-01-01', 'until', 'a duration such as "10m"'],
  ['since=9999999d', 'since', 'must be a time'],
  ['since=1m&until=2m', 'until', 'must be later than `since`'],
  ['until=1m&follow=true', 'until', 'write follow=false'],
  ['grep=(', 'grep', '"(" is no regular expression: missing closing ); put a \\ before'],
  ['grep=a(%3F=b)', 'grep', 'neither look-arounds nor references back'],
  ['grep=(a)\\1', 'grep', 'neither look-arounds nor references back'],
  ['grep=', 'grep', 'fewer than 1 character'],
  [`grep=${'x'.repeat(1001)}`, 'grep', 'more than 1000 characters'],
  ['grep=x{301}', 'grep', 'is too large: it has'],
  ['grep=(x{1000}){1000}', 'grep', 'is no regular expression: invalid repeat count'],
])('GET /v1/runs/{id}/logs?%s is answered 400, with the field and the mend', async (query, path, message) => {
  const response = await logs(query);

  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ errors: [{ path, message: expect.stringContaining(message) }] });
});

test('every fault is told at once', async () => {
  const { errors } = (await logs('since=x&until=y&grep=(')).json<{ errors: { path: string }[] }>();

  expect(errors.map(({ path }) => path)).toEqual(['since', 'until', 'grep']);
});

test('a pattern that takes other engines for ever is looked for in linear time, and nobody waits for it', async () => {
  const writer = await start('pathological');
  await writer.append(Array.from({ length: 60 }, (_, index) => line(`${'a'.repeat(100_000)}${index}!`, '00:01')));
  await writer.close();
  const answered: string[] = [];
  const ask = async (what: string, query: string, id?: string) => {
    const response = await logs(query, id);
    answered.push(what);
    return response;
  };
  const patterns = ['(a+)+$', '(a|aa)+$', '(a*)+b|[c-z]$', '^(([a-z])+.)+[A-Z]([a-z])+$'];
  const waits = patterns.flatMap((pattern) => {
    const query = `grep=${encodeURIComponent(pattern)}`;
    return [ask('search', query, 'pathological'), ask('search', `${query}&tail=1`, 'pathological')];
  });
  for (let other = 0; other < 3; other += 1) await ask('other', 'tail=1');

  expect(answered).toEqual(['other', 'other', 'other']);
  for (const response of await Promise.all(waits)) expect(response).toMatchObject({ statusCode: 200, body: '' });
  const { body } = await logs('grep=(a%2B)%2B7!%24&tail=1&format=ndjson', 'pathological');
  expect(/"number":(\d+)/.exec(body)?.[1]).toBe('8');
}, 60_000);

describe('a follow', () => {
  let writer: LogWriter;
  let id: string;

  beforeEach(async () => {
    id = `live-${Math.random().toString(36).slice(2)}`;
    writer = await start(id);
  });
  afterEach(async () => writer.close());

  const end = async () => endRun(api.services.runStore, (await api.services.runStore.getRun(id))!.run);

  test('with grep and tail begins with the last lines that fit, and goes on with those that come and fit', async () => {
    await writer.append([line('loss 3', '00:01'), line('x', '00:02'), line('loss 2', '00:03'), line('x', '00:04')]);
    const reader = await openLines(port, `/v1/runs/${id}/logs?follow=true&grep=loss&tail=1`);
    await until(() => reader.lines.length === 1);
    await writer.append([line('x', '00:05'), line('loss 1', '00:06')]);
    await until(() => reader.lines.length === 2);
    await end();
    await reader.ended;

    expect(reader.lines).toEqual(['loss 2', 'loss 1']);
  });

  test('as server-sent events with grep and "the last minutes" is taken up after the last line that came', async () => {
    const now = new Date().toISOString().replace('Z', '000000Z');
    const old = line('loss, printed long ago by a slow clock', '00:00');
    await writer.append([old, { ...old, time: now, text: 'loss 2' }, { ...old, time: now, text: 'x' }, old]);
    const path = `/v1/runs/${id}/logs?format=sse&grep=loss&since=10m&tail=5`;
    const first = await openLines(port, path);
    await until(() => first.lines.includes('id: 2'));
    first.leave();

    const second = await openLines(port, path, { 'last-event-id': '2' });
    await until(() => second.lines.includes('id: 4'));
    await end();
    await second.ended;

    expect(first.lines.join().match(/"number":\d+/g)).toEqual(['"number":2']);
    expect(second.lines.join().match(/"number":\d+/g)).toEqual(['"number":4']);
  });

  test('of server-sent events does not begin where there is an `until`', async () => {
    await writer.append([line('loss 3', '00:01')]);
    const { body } = await logs('format=sse&until=1m', id);

    expect(body).toContain('loss 3');
    expect(body).toContain('event: end\ndata: {"state":"running"');
  });
});

test('the log that was removed is answered 410, in every form, with when and why; the run is still there', async () => {
  const writer = await start('removed');
  await writer.append([line('gone', '00:01')]);
  await writer.close();
  await storeRun(api.services.runStore, { id: 'removed', state: 'succeeded', reason: 'completed' });
  await api.services.logStore.remove('removed', 'logs are kept for 30d after the end of a run');

  for (const query of ['', 'format=sse', 'tail=1', 'follow=true']) {
    const response = await logs(query, 'removed');
    expect(response.statusCode).toBe(410);
    expect(response.json()).toMatchObject({
      type: 'urn:trainyard:problem:log-removed',
      detail: expect.stringMatching(/^The log of this run was removed on 20.*, because logs are kept for 30d/),
    });
  }
  expect((await api.get('/v1/runs/removed')).json()).toMatchObject({ state: 'succeeded' });
  expect((await api.get('/v1/logs?query=gone')).json()).toMatchObject({ items: [], next: null });
  expect((await api.get('/train/removed')).statusCode).toBe(200);
});
