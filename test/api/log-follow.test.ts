import { type LogRequest, readLog } from '../../api/services/read-log';
import type { LogWriter } from '../../store/log-store';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
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
  writer.append(texts.map((text) => ({ time: '2026-01-01T00:00:00.000000001Z', stream: 'stdout', text })));

/** What a client gets, piece by piece, with a heartbeat after 20 ms of silence. */
function follow(format: LogRequest['format'], query: LogRequest['query'] = {}): () => Promise<string> {
  const request = { runId: id, format, follow: true, timestamps: false, query, signal: leaving.signal };
  const pieces = readLog(api.services, { ...request, heartbeatMs: 20 });
  open.push(pieces);
  return async () => (await pieces.next()).value as string;
}

describe('the heartbeat of a follow', () => {
  test('is an empty line of NDJSON, so that no client takes its silence for a loss', async () => {
    const next = follow('ndjson');
    expect([await next(), await next(), await next()]).toEqual(['', '\n', '\n']);
    await print('one');
    let piece = await next();
    while (piece === '\n') piece = await next();
    expect(JSON.parse(piece)).toMatchObject({ number: 1, text: 'one' });
  });

  test('is nothing in text, which has only what was printed', async () => {
    const next = follow('text');
    const beside = follow('ndjson');
    expect(await next()).toBe('');
    const coming = next();
    expect([await beside(), await beside(), await beside(), await beside()]).toEqual(['', '\n', '\n', '\n']);
    await print('one');
    expect(await coming).toBe('one\n');
  });
});
