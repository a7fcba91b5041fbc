import { setTimeout as sleep } from 'node:timers/promises';

import type { LogHit, LogSearch } from '../../contract/http';
import { compilePattern } from '../../api/services/line-pattern';
import { type LogSearchRequest, searchLogs } from '../../api/services/search-logs';
import type { Run } from '../../contract/run';
import { storeGang, storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;

beforeEach(async () => {
  api = await testApi();
});
afterEach(async () => api.close());

/** A run of a day of January 2026 with one line a minute, from noon on. */
async function write(id: string, day: number, texts: string[], changes: Partial<Run> = {}): Promise<void> {
  const createdAt = `2026-01-${String(day).padStart(2, '0')}T12:00:00.000Z`;
  await storeRun(api.services.runStore, { id, createdAt, ...changes });
  const writer = await api.services.logStore.openWriter(id, 1);
  await writer.append(
    texts.map((text, minute) => ({
      time: createdAt.replace('00:00.000Z', `${String(minute % 60).padStart(2, '0')}:00.000000000Z`),
      stream: 'stdout',
      text,
    })),
  );
  await writer.close();
}

async function search(query: string): Promise<LogSearch> {
  const response = await api.get(`/v1/logs?${query}`);
  expect([response.statusCode, response.body]).toEqual([200, expect.anything()]);
  return response.json<LogSearch>();
}

const places = (items: readonly LogHit[]): string[] => items.map(({ runId, number }) => `${runId}:${number}`);

/** All pages of a search, which must come to an end. */
async function allPages(ask: (cursor: string | undefined) => Promise<LogSearch>): Promise<LogSearch[]> {
  const pages: LogSearch[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(cursor);
    pages.push(page);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && pages.length < 1_000);
  return pages;
}

describe('GET /v1/logs', () => {
  test('finds lines of all runs, the newest run first, with what belongs to them', async () => {
    await write('old', 1, ['CUDA out of memory', 'x']);
    await write('new', 3, ['x', 'cuda error: ECC', 'CUDA error: ECC']);
    await write('none', 2, ['x']);

    const page = await search('query=CUDA .*');

    expect(places(page.items)).toEqual(['new:3', 'old:1']);
    expect(page).toMatchObject({ next: null, stopped: null, searched: { runs: 3, until: null } });
    expect(page.items[0]).toEqual({
      runId: 'new',
      runName: 'new',
      number: 3,
      attempt: 1,
      time: '2026-01-03T12:02:00.000000000Z',
      stream: 'stdout',
      text: 'CUDA error: ECC',
      cut: false,
    });
  });

  test.each([
    ['ignoreCase=true', ['b:1', 'b:2', 'a:1', 'a:2']],
    ['state=succeeded', ['a:1']],
    ['state=running&ignoreCase=true', ['b:1', 'b:2']],
    ['recipe=digits', ['a:1']],
    ['label=team:vision', ['b:1']],
    ['text=A', ['a:1']],
    ['since=2026-01-01T12:01:00Z', ['b:1']],
    ['until=2026-01-01T12:01:00Z', ['a:1']],
    ['until=2026-01-01T12:02:00Z&ignoreCase=true', ['a:1', 'a:2']],
    ['createdBefore=2026-01-02T00:00:00Z&until=2026-01-09T00:00:00Z', ['a:1']],
    ['stream=stderr', []],
    ['limit=1', ['b:1']],
  ])('with %s keeps to that', async (more, expected) => {
    await write('a', 1, ['Loss', 'loss'], { state: 'succeeded', reason: 'completed', recipe: 'digits' });
    await write('b', 2, ['Loss', 'loss'], { labels: { team: 'vision' } });

    expect(places((await search(`query=Loss&${more}`)).items)).toEqual(expected);
  });

  describe('over a gang', () => {
    beforeEach(async () => {
      await storeGang(api.services.runStore, 'gang', 2);
      for (const id of ['gang', 'gang.e1.n2', 'gang.e2.n1']) {
        const writer = await api.services.logStore.openWriter(id, 1);
        await writer.append([
          { time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', text: `CUDA error of ${id}` },
        ]);
        await writer.close();
      }
      await write('other', 1, ['CUDA error']);
    });

    test.each([
      ['', ['gang.e2.n1:1', 'gang.e1.n2:1', 'gang:1', 'other:1']],
      ['&gangOf=gang', ['gang.e2.n1:1', 'gang.e1.n2:1']],
      ['&state=failed', ['gang.e1.n2:1']],
    ])('finds the lines of all nodes (%s)', async (more, expected) => {
      const { items, searched } = await search(`query=CUDA${more}`);

      expect(places(items).toSorted()).toEqual(expected.toSorted());
      expect(searched.until).toBeNull();
    });

    test('leaves lists of runs as they are', async () => {
      const { items } = (await api.get('/v1/runs')).json<{ items: Run[] }>();

      expect(items.map(({ id }) => id)).toEqual(['gang', 'other']);
    });
  });

  test('is done for two at once, and for others afterwards, also when one fails', async () => {
    await write('a', 1, ['hit']);
    const { logStore } = api.services;
    const { scan } = logStore;
    let now = 0;
    let most = 0;
    logStore.scan = async function* (runId, query) {
      now += 1;
      most = Math.max(most, now);
      try {
        await new Promise((resolve) => setImmediate(resolve));
        if (most === 1) throw new Error('the disk is broken');
        yield* scan(runId, query);
      } finally {
        now -= 1;
      }
    };

    const first = await api.get('/v1/logs?query=hit');
    const answers = await Promise.all(Array.from({ length: 9 }, () => api.get('/v1/logs?query=hit')));
    logStore.scan = scan;

    expect(first.statusCode).toBe(500);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
    expect(most).toBe(2);
  });

  test('takes a text as it stands where asked', async () => {
    await write('a', 1, ['loss: nan (step 1)', 'loss: nan step 1']);

    expect(places((await search('query=(step&literal=true')).items)).toEqual(['a:1']);
  });

  test('goes on page by page, and finds each line once, also when runs come meanwhile', async () => {
    for (let day = 1; day <= 5; day += 1) await write(`run-${day}`, day, ['hit 1', 'x', 'hit 2', 'hit 3']);
    let pagesBefore = 0;

    const pages = await allPages(async (cursor) => {
      const page = await search(`query=hit&limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      pagesBefore += 1;
      await write(`later-${pagesBefore}`, 10 + pagesBefore, ['hit']);
      return page;
    });

    const expected = [5, 4, 3, 2, 1].flatMap((day) => [1, 3, 4].map((number) => `run-${day}:${number}`));
    expect(pages.flatMap(({ items }) => places(items))).toEqual(expected);
    expect(pages.slice(0, -1).map(({ stopped }) => stopped)).toEqual(pages.slice(1).map(() => 'hits'));
    expect(pages[0]!.searched).toMatchObject({ runs: 1, until: '2026-01-05T12:00:00.000Z' });
  });

  test.each([['N[E]+DLE'], ['NEEDLE([xyz]*\\d)?']])(
    'shows of a long line the part around what was found (%s)',
    async (pattern) => {
      await write('a', 1, [`${'x'.repeat(900_000)}NEEDLE${'y'.repeat(100_000)}`, `NEEDLE${'z'.repeat(9_000)}`]);

      const { items } = await search(`query=${encodeURIComponent(pattern)}`);

      expect(items.map(({ text, cut }) => [text.length, text.includes('NEEDLE'), cut])).toEqual([
        [4_096, true, true],
        [4_096, true, true],
      ]);
    },
  );

  test.each([
    ['', 'query'],
    ['query=(', 'query'],
    ['query=x&since=y', 'since'],
    ['query=x&state=y', 'state'],
    ['query=x&cursor=y', 'cursor'],
    [`query=x&cursor=${Buffer.from('["a",1,null,false]').toString('base64')}=`, 'cursor'],
    [`query=x&cursor=${Buffer.from('["a",null,null,false]').toString('base64url')}`, 'cursor'],
    [`query=x&cursor=${Buffer.from('[null,null,"y",false]').toString('base64url')}`, 'cursor'],
    ['query=x&tail=1', 'tail'],
  ])('answers 400 to "%s" and names %s', async (query, path) => {
    const response = await api.get(`/v1/logs?${query}`);

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ errors: [{ path }] });
  });
});

describe('a search with a small budget', () => {
  const request = (budget: Partial<LogSearchRequest['budget']>, cursor?: string): LogSearchRequest => {
    const pattern = compilePattern('query', 'hit', { literal: false, ignoreCase: false });
    return {
      runs: {},
      lines: { matches: pattern.matches },
      pattern,
      budget: { hits: 100, bytes: 1e9, timeMs: 1e6, ...budget },
      cursor,
      signal: new AbortController().signal,
    };
  };

  test.each([
    ['bytes', { bytes: 1 }],
    ['time', { timeMs: 0 }],
    ['hits', { hits: 1 }],
  ])('of %s gets further with each request and misses nothing', async (stopped, budget) => {
    // Each log is of several blocks.
    const texts = Array.from({ length: 600 }, (_, index) => `${index % 300 === 7 ? 'hit' : 'x'} ${'-'.repeat(1_000)}`);
    for (const day of [1, 2, 3]) await write(`run-${day}`, day, texts);
    await storeRun(api.services.runStore, { id: 'without-a-log', createdAt: '2026-01-02T13:00:00.000Z' });

    const pages = await allPages((cursor) => searchLogs(api.services, request(budget, cursor)));

    expect(pages.flatMap(({ items }) => places(items))).toEqual(
      [3, 2, 1].flatMap((day) => [8, 308].map((number) => `run-${day}:${number}`)),
    );
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.slice(0, -1).every((page) => page.stopped === stopped)).toBe(true);
    expect(pages.at(-1)).toMatchObject({ next: null, stopped: null });
  });

  test('looks for the match in a long line part by part, and shows the last one whole', async () => {
    await write('run-1', 1, [`${'x'.repeat(100_000)}hit`]);
    const { pattern, ...rest } = request({});
    const asked: number[] = [];
    const matches = (text: string): boolean | Promise<boolean> => {
      asked.push(text.length);
      return pattern.matches(text);
    };

    const { items } = await searchLogs(api.services, { ...rest, pattern: { matches } });

    expect(items[0]!.text).toMatch(/xhit$/);
    expect(new Set(asked)).toEqual(new Set([4_096]));
    expect(items[0]!.text).toHaveLength(4_096);
  });

  test('shows the beginning of a long line where its parts take too long', async () => {
    await write('run-1', 1, [`begin ${'x'.repeat(50_000)}hit`]);
    const { pattern, ...rest } = request({});
    const matches = async (text: string): Promise<boolean> => sleep(600).then(() => pattern.matches(text));

    const { items } = await searchLogs(api.services, { ...rest, pattern: { matches } });

    expect(items.map(({ text, cut }) => [text.slice(0, 5), cut])).toEqual([['begin', true]]);
  });

  test('stops when nobody waits for it any more', async () => {
    for (const day of [1, 2, 3]) await write(`run-${day}`, day, ['x']);

    const page = await searchLogs(api.services, { ...request({}), signal: AbortSignal.abort() });

    expect(page.searched.runs).toBe(1);
  });

  test('goes on although the run that it was in is gone', async () => {
    await write('run-1', 1, ['hit']);
    await write('run-2', 2, ['hit', 'hit']);
    const first = await searchLogs(api.services, request({ hits: 1 }));
    jest.spyOn(api.services.runStore, 'getRun').mockResolvedValueOnce(null);

    const second = await searchLogs(api.services, request({}, first.next!));

    expect(places(second.items)).toEqual(['run-1:1']);
  });
});
