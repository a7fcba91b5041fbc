import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openLogStore } from '../../../store/file-log-store';
import type { LogLine, LogQuery, LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { until } from '../../helpers/until';
import { logTime } from './engine-log';
import { ALL_STREAMS, numbered, numberedLines, olderFiles, readAll, textsOf } from './log-file';

describe('the reader of a log', () => {
  const scratch = scratchFolder();
  const openStore = (segmentBytes: number): LogStore => openLogStore(scratch.path, { segmentBytes });

  /** 60 lines of two attempts: every third is of stderr, every tenth of the system. */
  const writeMixed = async (store: LogStore): Promise<void> => {
    for (const attempt of [1, 2]) {
      const writer = await store.openWriter('run-1', attempt);
      for (const line of numberedLines(attempt * 30 - 29, attempt * 30)) {
        const number = Number(line.text.slice('line '.length));
        const usual = number % 3 === 0 ? 'stderr' : 'stdout';
        await writer.append([{ ...line, stream: number % 10 === 0 ? 'system' : usual }]);
      }
      await writer.close();
    }
  };

  test('knows nothing of a run that has no log', async () => {
    const store = openStore(100);

    expect(await readAll(store, 'nobody')).toEqual([]);
    expect(await readAll(store, 'nobody', { tail: 5 })).toEqual([]);
    expect(await store.size('nobody')).toBeNull();
  });

  test('gives lines with what belongs to them', async () => {
    const store = openStore(100);
    const writer = await store.openWriter('run-1', 3);
    await writer.append([numbered(1, { stream: 'stderr', midLine: true, text: 'late' })]);
    await writer.close();

    expect(await readAll(store, 'run-1')).toEqual([
      { number: 1, time: logTime(1), attempt: 3, stream: 'stderr', text: 'late' },
    ]);
  });

  describe.each([
    ['one file', 1e9],
    ['many files', 300],
  ])('in %s', (_, segmentBytes) => {
    let folder: string;
    let store: LogStore;
    let all: LogLine[];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'trainyard-test-'));
      store = openLogStore(folder, { segmentBytes });
      await writeMixed(store);
      all = await readAll(store, 'run-1', { streams: ALL_STREAMS });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test('has all lines, numbered without a hole', () => {
      expect(all.map(({ number }) => number)).toEqual(all.map((_line, index) => index + 1));
      const written = all.filter(({ text }) => text.startsWith('line '));
      expect(written.map(({ text }) => text)).toEqual(numberedLines(1, 60).map(({ text }) => text));
      expect(olderFiles(store, 'run-1').length > 0).toBe(segmentBytes === 300);
    });

    test.each<[string, LogQuery]>([
      ['from the beginning', {}],
      ['from a number', { from: 17 }],
      ['from a number after the end', { from: 1_000 }],
      ['the last', { tail: 1 }],
      ['the last few', { tail: 7 }],
      ['the last many', { tail: 45 }],
      ['more than there are', { tail: 1_000 }],
      ['none', { tail: 0 }],
      ['the last of an attempt', { tail: 5, attempt: 1 }],
      ['one attempt', { attempt: 2 }],
      ['an attempt that never was', { attempt: 3, tail: 2 }],
      ['one stream', { streams: ['stderr'] }],
      ['the last of one stream', { streams: ['stderr'], tail: 13 }],
      ['the last system lines', { streams: ['system'], tail: 4 }],
      ['all streams from a number', { streams: ALL_STREAMS, from: 20 }],
      ['the last, but only from a number on', { from: 55, tail: 20 }],
    ])('reads %s', async (_what, query) => {
      const wanted = all.filter(
        ({ stream, attempt }) =>
          (query.streams ?? ['stdout', 'stderr']).includes(stream) && (query.attempt ?? attempt) === attempt,
      );
      const last = query.tail === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - query.tail));
      const expected = last.filter(({ number }) => number >= (query.from ?? 1));

      expect(await readAll(store, 'run-1', query)).toEqual(expected);
      // What another store of the same folder has not seen before it must find as well.
      expect(await readAll(openLogStore(folder, { segmentBytes }), 'run-1', query)).toEqual(expected);
    });
  });

  test('does not read a line that has no end yet', async () => {
    const store = openStore(1e9);
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    appendFileSync(store.pathOf('run-1'), `${logTime(2)} 1 stdout li`);

    expect(await textsOf(store, 'run-1')).toEqual(['line 1']);
    expect(await textsOf(store, 'run-1', { tail: 1 })).toEqual(['line 1']);
    expect(await store.size('run-1')).toMatchObject({ lines: 1 });

    appendFileSync(store.pathOf('run-1'), 'ne 2\n');
    expect(await textsOf(store, 'run-1')).toEqual(['line 1', 'line 2']);
    expect(await textsOf(store, 'run-1', { tail: 1 })).toEqual(['line 2']);
    await writer.close();
  });

  test('gives a line of its own number to what somebody else has written into the file', async () => {
    const store = openStore(1e9);
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    appendFileSync(store.pathOf('run-1'), 'a remark of the operator\n\n');
    await writer.close();
    const again = await store.openWriter('run-1', 1);
    await again.append([numbered(2)]);
    await again.close();

    const lines = await readAll(store, 'run-1', { streams: ALL_STREAMS });

    expect(lines.map(({ number, stream, text }) => [number, stream, text])).toEqual([
      [1, 'stdout', 'line 1'],
      [2, 'system', 'a remark of the operator'],
      [3, 'system', ''],
      [4, 'stdout', 'line 2'],
    ]);
    expect(await textsOf(store, 'run-1', { tail: 2 })).toEqual(['line 1', 'line 2']);
  });

  test('reads in batches of bounded size, and lines that are longer than any', async () => {
    const store = openStore(1e9);
    const long = 'x'.repeat(1_200_000);
    const writer = await store.openWriter('run-1', 1);
    await writer.append([...numberedLines(1, 20_000), numbered(20_001, { text: long }), numbered(20_002)]);
    await writer.close();

    const batches: number[] = [];
    let longest = 0;
    for await (const batch of store.read('run-1', {})) {
      batches.push(batch.length);
      longest = Math.max(longest, ...batch.map(({ text }) => text.length));
    }

    expect(batches.reduce((sum, size) => sum + size)).toBe(20_002);
    expect(Math.max(...batches)).toBeLessThan(8_000);
    expect(longest).toBe(long.length);
    expect((await readAll(store, 'run-1', { tail: 3 })).map(({ number }) => number)).toEqual([20_000, 20_001, 20_002]);
  });

  test.each<[string, number, LogQuery]>([
    ['from the beginning', 1e9, {}],
    ['the last ones', 1e9, { tail: 3 }],
    ['the last ones, in older files', 300, { tail: 3 }],
  ])('finds lines of which it is only promised whether they are wanted, %s', async (_how, segmentBytes, query) => {
    const store = openStore(segmentBytes);
    const writer = await store.openWriter('run-1', 1);
    for (const line of numberedLines(1, 40)) await writer.append([line]);
    await writer.close();
    const isWanted = (text: string): boolean => Number(text.slice('line '.length)) % 7 === 0;
    const matches = async (text: string): Promise<boolean> => isWanted(text);

    const found = await textsOf(store, 'run-1', { ...query, matches });

    expect(found).toEqual(await textsOf(store, 'run-1', { ...query, matches: isWanted }));
    expect(found.at(-1)).toBe('line 35');
  });

  test('finds every line while another writes and rotates', async () => {
    const store = openStore(400);
    const writer = await store.openWriter('run-1', 1);
    let written = 0;
    let rounds = 0;
    const writing = (async () => {
      for (const line of numberedLines(1, 400)) {
        // Neither is done before the other, however the two share the processors.
        if (written % 100 === 50) await until(() => rounds > written / 100);
        await writer.append([line]);
        written += 1;
      }
    })();

    while (written < 400) {
      const before = written;
      const lines = await readAll(store, 'run-1', rounds % 2 === 0 ? {} : { tail: 1_000 });
      const after = written;
      expect(lines.map(({ text }) => text)).toEqual(numberedLines(1, lines.length).map(({ text }) => text));
      expect(lines.length).toBeGreaterThanOrEqual(before);
      expect(lines.length).toBeLessThanOrEqual(after + 1);
      rounds += 1;
    }
    await writing;
    await writer.close();

    expect(rounds).toBeGreaterThan(2);
    expect(olderFiles(store, 'run-1').length).toBeGreaterThan(20);
  });
});
