import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import WebSocket from 'ws';

import type { LogSearch } from '../../contract/http';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore } from '../../store/log-store';
import { numberedLines } from '../store/logs/log-file';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let host: string;
let logs: LogStore;
/** What happens when a reader has had its first lines. */
let meanwhile: () => Promise<void> | void;

beforeEach(async () => {
  api = await testApi({
    services: ({ config }) => ({ logStore: interrupted(openLogStore(config.data, { segmentBytes: 400 })) }),
  });
  host = `127.0.0.1:${await api.listen()}`;
  logs = api.services.logStore;
  for (const [index, id] of ['other', 'a'].entries()) {
    const createdAt = `2026-01-0${index + 1}T00:00:00.000Z`;
    await storeRun(api.services.runStore, { id, createdAt, state: 'succeeded', reason: 'completed' });
    const writer = await logs.openWriter(id, 1);
    for (let first = 1; first <= 60; first += 10) await writer.append(numberedLines(first, first + 9));
    await writer.close();
  }
});
afterEach(async () => api.close());

function interrupted(store: LogStore): LogStore {
  const between = async function* <T>(reading: AsyncIterable<T>): AsyncGenerator<T> {
    let isFirst = true;
    for await (const batch of reading) {
      yield batch;
      if (isFirst) await meanwhile();
      isFirst = false;
    }
  };
  return {
    ...store,
    read: (runId, query) => between(store.read(runId, query)),
    scan: (runId, query) => between(store.scan(runId, query)),
    follow: (runId, query) => between(store.follow(runId, query)),
  };
}

function takeFilesAway(): void {
  const folder = logs.pathOf('a').replace(/log$/, 'older');
  for (const name of readdirSync(folder).toSorted().slice(1, 3)) rmSync(join(folder, name));
}

const CASES: [string, () => Promise<void> | void, string][] = [
  ['is removed', () => logs.remove('a', 'it is old'), 'removed'],
  ['loses files in the middle', takeFilesAway, 'gone'],
];

describe.each(CASES)('a log that %s while it is read', (_, happens, told) => {
  beforeEach(() => {
    meanwhile = happens;
  });

  test.each(['format=text', 'format=ndjson', 'format=ndjson&follow=true', 'format=sse'])(
    'breaks off over HTTP (%s)',
    async (query) => {
      const answer = await fetch(`http://${host}/v1/runs/a/logs?${query}`);

      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow();
    },
  );

  test.each(['', '?follow=false'])('closes a WebSocket with 1011 and says why (%s)', async (query) => {
    const socket = new WebSocket(`ws://${host}/v1/runs/a/logs${query}`);
    const got: string[] = [];
    socket.on('message', (data: Buffer) => got.push(data.toString()));
    const [code, reason] = await new Promise<[number, string]>((resolve) =>
      socket.once('close', (closed: number, why: Buffer) => resolve([closed, why.toString()])),
    );

    expect([code, reason]).toEqual([1011, expect.stringContaining(told)]);
    expect(got.length).toBeGreaterThan(0);
    expect(got.join()).not.toContain('"event"');
  });
});

test('a search goes on with the next run where a log is removed under it', async () => {
  meanwhile = () => logs.remove('a', 'it is old');

  const answer = await api.get('/v1/logs?query=line 1$');

  expect(answer.statusCode).toBe(200);
  expect(answer.json<LogSearch>().items.map(({ runId }) => runId)).toEqual(['a', 'other']);
});
