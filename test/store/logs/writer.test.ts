import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StoreError } from '../../../store/errors';
import { openLogStore } from '../../../store/file-log-store';
import { textHash, type LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { startStoreChild } from '../../helpers/store-child';
import { until } from '../../helpers/until';
import { logTime } from './engine-log';
import { ALL_STREAMS, numbered, numberedLines, olderFiles, rawLog, readAll, textsOf } from './log-file';

describe('the writer of a log', () => {
  const scratch = scratchFolder();
  const now = new Date('2026-11-24T05:00:00.000Z');
  const openStore = (segmentBytes = 1e9): LogStore => openLogStore(scratch.path, { segmentBytes, now: () => now });
  const live = (store: LogStore): string => readFileSync(store.pathOf('run-1'), 'utf8');

  test('writes one line for each record, at once, where people look for it', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);

    await writer.append([
      numbered(1, { text: '{"epoch":1}' }),
      numbered(2, { stream: 'stderr', text: 'careful', midLine: true }),
      numbered(3, { stream: 'system', text: 'note' }),
      numbered(4, { text: '' }),
    ]);

    expect(store.pathOf('run-1')).toBe(join(scratch.path, 'logs', 'training_run-1.log'));
    expect(live(store)).toBe(
      `${logTime(1)} 1 stdout {"epoch":1}\n${logTime(2)} 1 stderr+ careful\n` +
        `${logTime(3)} 1 system note\n${logTime(4)} 1 stdout \n`,
    );
    expect(writer.attemptLines).toBe(3);
    await writer.close();
  });

  test.each([
    ['is stored, where all of it is in one file', 1e9, 'all'],
    ['does not tell it, where a part is set aside', 100, null],
  ])('tells how much %s', async (_, segmentBytes, expected) => {
    const store = openStore(segmentBytes);
    const first = await store.openWriter('run-1', 1);
    expect(first.initialBytes).toBe(0);
    await first.append(numberedLines(1, 20));
    await first.append(numberedLines(21, 40));
    await first.close();

    const second = await store.openWriter('run-1', 2);
    await second.close();
    expect(second.initialBytes).toBe(expected === 'all' ? live(store).length : null);
  });

  test('keeps every text as it is', async () => {
    const store = openStore();
    const texts = [
      '\r10%\r20%',
      '\u001b[31mred\u001b[0m',
      'a\0b',
      ' spaces  ',
      '→ 🚂 \uFFFD',
      'stdout 1 x',
      '\uFEFFx',
      'x'.repeat(300_000),
    ];
    const writer = await store.openWriter('run-1', 1);

    await writer.append(texts.map((text, index) => numbered(index + 1, { text })));

    expect(await textsOf(store, 'run-1')).toEqual(texts);
    await writer.close();
  });

  test('makes files that only the owner and the group may read', async () => {
    const store = openStore(10);
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    await writer.append([numbered(2)]);
    await writer.close();

    const older = store.pathOf('run-1').replace('.log', '.older');
    const files = [store.pathOf('run-1'), ...readdirSync(older).map((name) => join(older, name))];
    expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(['640', '640']);
    expect((statSync(older).mode & 0o007).toString(8)).toBe('0');
  });

  test.each([
    ['a line end in a text', numbered(2, { text: 'a\nb' })],
    ['a time without nine digits', numbered(2, { time: '2026-11-24T03:42:31Z' })],
  ])('refuses %s, and stores none of the batch', async (_, line) => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);

    await expect(writer.append([numbered(1), line])).rejects.toThrow(RangeError);

    expect(live(store)).toBe('');
    await writer.close();
  });

  test.each([['../run'], ['a/b'], ['']])('refuses "%s" as a run, before it is part of a path', async (id) => {
    expect(() => openStore().pathOf(id)).toThrow(RangeError);
  });

  test('takes a torn last line away and goes on after it', async () => {
    const store = openStore();
    const before = await store.openWriter('run-1', 1);
    await before.append([numbered(1)]);
    await before.close();
    appendFileSync(store.pathOf('run-1'), `${logTime(2)} 1 stdout ${'torn '.repeat(50_000)}`);

    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(2)]);

    expect(live(store)).toBe(`${logTime(1)} 1 stdout line 1\n${logTime(2)} 1 stdout line 2\n`);
    await writer.close();
  });

  test('seals an attempt once, and lets the next one follow in the same file', async () => {
    const store = openStore();
    const first = await store.openWriter('run-1', 1);
    await first.append([...numberedLines(1, 2), numbered(3, { stream: 'system', text: 'note' })]);

    expect(await first.seal({ gaps: 1, badBytes: 5 })).toEqual({ lines: 2, gaps: 1, badBytes: 5 });
    expect(await first.seal({ gaps: 9, badBytes: 9 })).toEqual({ lines: 2, gaps: 1, badBytes: 5 });
    await expect(first.append([numbered(4)])).rejects.toThrow(StoreError);
    await first.close();
    const second = await store.openWriter('run-1', 2);
    expect([second.sealed, second.attemptLines, second.resume]).toEqual([null, 0, null]);
    await second.append([numbered(9)]);
    await second.close();

    expect(live(store)).toContain('2026-11-24T05:00:00.000000000Z 1 system sealed: 2 lines, 1 gaps, 5 bad bytes\n');
    const again = await store.openWriter('run-1', 1);
    expect(again.sealed).toEqual({ lines: 2, gaps: 1, badBytes: 5 });
    await expect(again.append([numbered(4)])).rejects.toThrow('append to a new attempt only');
    await again.close();
    expect((await readAll(store, 'run-1')).map(({ number, attempt }) => [number, attempt])).toEqual([
      [1, 1],
      [2, 1],
      [5, 2],
    ]);
  });

  test('stores the notes of a seal right before it, and does not count them as lines', async () => {
    const store = openStore(1);
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    await writer.seal({ gaps: 1, badBytes: 0 }, [numbered(2, { stream: 'system', text: 'note' })]);
    await writer.close();

    const end = `${logTime(2)} 1 system note\n2026-11-24T05:00:00.000000000Z 1 system sealed: 1 lines, 1 gaps, 0 bad bytes\n`;
    expect(live(store).endsWith(end)).toBe(true);
  });

  test('does not take for a seal what the training itself prints', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1, { text: 'sealed: 1 lines, 0 gaps, 0 bad bytes' })]);
    await writer.close();

    const again = await store.openWriter('run-1', 1);

    expect(again.sealed).toBeNull();
    await again.close();
  });

  test('keeps the order of appends that were not waited for', async () => {
    const store = openStore(2_000);
    const writer = await store.openWriter('run-1', 1);

    await Promise.all(numberedLines(1, 300).map((line) => writer.append([line])));
    await writer.close();

    expect(await textsOf(store, 'run-1')).toEqual(numberedLines(1, 300).map(({ text }) => text));
    await expect(writer.append([numbered(301)])).rejects.toThrow('closed');
  });

  test('stores whole batches or nothing when there is no room, and stays usable', async () => {
    // 64 blocks are 32 KiB: three batches of 10 kB fit, of the fourth the kernel takes a part.
    const child = startStoreChild('fill-log', [scratch.path], { fileSizeBlocks: 64 });
    const outcome = JSON.parse(await child.firstLine) as Record<string, unknown>;
    const store = openStore();

    expect(outcome).toMatchObject({
      outcomes: ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
      isTyped: true,
      message: `there is no room to write the log ${store.pathOf('run-1')}; free space on that disk, or raise the quota`,
      attemptLines: 31,
      small: 'stored',
    });
    const numbers = (await textsOf(store, 'run-1')).map((text) => Number.parseInt(text, 10));
    expect(numbers).toEqual([...Array.from({ length: 30 }, (_, index) => index + 1), 1_000]);
    expect(live(store).endsWith('small\n')).toBe(true);
  });

  test('loses and doubles nothing of what it had stored when it is killed again and again', async () => {
    const store = openStore();
    for (const round of [1, 2, 3]) {
      const child = startStoreChild('write-log', [scratch.path, 'run-1', '20000', '1000000', '7', '0']);
      await child.firstLine;
      await until(async () => ((await store.size('run-1'))?.lines ?? 0) > round * 2_000, { everyMs: 10 });
      await child.kill();
    }

    const writer = await store.openWriter('run-1', 1);
    await writer.close();
    const texts = await textsOf(store, 'run-1');
    expect(texts).toEqual(numberedLines(1, writer.attemptLines).map(({ text }) => text));
    expect(texts.length).toBeGreaterThan(6_000);
    expect(olderFiles(store, 'run-1').every((name) => name.endsWith('.log.gz'))).toBe(true);
  });
});

describe('the rotation of a log', () => {
  const scratch = scratchFolder();
  const older = (): string => join(scratch.path, 'logs', 'training_run-1.older');
  const openStore = (segmentBytes = 100, more = {}): LogStore => openLogStore(scratch.path, { segmentBytes, ...more });
  const write = async (store: LogStore, first: number, last: number): Promise<void> => {
    const writer = await store.openWriter('run-1', 1);
    for (const line of numberedLines(first, last)) await writer.append([line]);
    await writer.close();
  };

  test('sets lines aside under their numbers, compressed, and begins the next file with what was before', async () => {
    const store = openStore();
    await write(store, 1, 6);

    expect(olderFiles(store, 'run-1')).toEqual([
      '000000000001-000000000003.log.gz',
      '000000000004-000000000005.log.gz',
      '000000000006-000000000007.log.gz',
    ]);
    expect(await textsOf(store, 'run-1')).toEqual(numberedLines(1, 6).map(({ text }) => text));
    const system = (await readAll(store, 'run-1', { streams: ['system'] })).map(({ number, text }) => [number, text]);
    expect(system).toEqual([
      [4, `continued: 3 lines before, newest ${logTime(3)}`],
      [6, `continued: 4 lines before, newest ${logTime(4)}`],
      [8, `continued: 5 lines before, newest ${logTime(5)}`],
    ]);
  });

  test('leaves a place to resume at, also right after it', async () => {
    const store = openStore();
    await write(store, 1, 3);
    const plain = readFileSync(store.pathOf('run-1'));
    mkdirSync(older());
    writeFileSync(join(older(), '000000000001-000000000003.log'), plain);
    writeFileSync(store.pathOf('run-1'), '');

    const writer = await store.openWriter('run-1', 1);
    await writer.close();

    expect(writer.attemptLines).toBe(3);
    expect(writer.resume).toEqual({
      since: logTime(3),
      anchor: { stream: 'stdout', textHash: textHash('line 3') },
      skip: 1,
    });
  });

  // What a process can leave behind that dies while it rotates, step by step; `lines` is what was in the live file.
  test.each<[string, (lines: Buffer, path: string) => void]>([
    ['after the live file got its new name', (lines) => writeFileSync(aside('.log'), lines)],
    [
      'after the new live file was made',
      (lines, path) => {
        writeFileSync(aside('.log'), lines);
        writeFileSync(path, '');
      },
    ],
    [
      'while it compressed',
      (lines, path) => {
        writeFileSync(aside('.log'), lines);
        writeFileSync(aside('.log.gz.tmp'), lines.subarray(0, 10));
        writeFileSync(path, '');
      },
    ],
  ])('drops nothing when the process dies %s', async (_, leave) => {
    const store = openStore(1e9);
    await write(store, 1, 5);
    const lines = readFileSync(store.pathOf('run-1'));
    mkdirSync(older());
    writeFileSync(store.pathOf('run-1'), '');
    leave(lines, store.pathOf('run-1'));
    expect(await textsOf(openStore(), 'run-1')).toEqual(numberedLines(1, 5).map(({ text }) => text));

    await write(store, 6, 7);

    expect(await textsOf(openStore(), 'run-1')).toEqual(numberedLines(1, 7).map(({ text }) => text));
    expect(olderFiles(store, 'run-1')).toEqual(['000000000001-000000000005.log.gz']);
  });

  test('drops nothing when the process dies before the plain form is removed', async () => {
    const store = openStore();
    await write(store, 1, 6);
    writeFileSync(aside('.log', 1, 3), 'a form that nobody may read any more\n');
    const texts = numberedLines(1, 6).map(({ text }) => text);
    expect(await textsOf(store, 'run-1')).toEqual(texts);

    await write(store, 7, 7);

    expect(olderFiles(store, 'run-1').filter((name) => !name.endsWith('.gz'))).toEqual([]);
    expect(await textsOf(store, 'run-1')).toEqual([...texts, 'line 7']);
  });

  test('keeps the plain form and tells when a file cannot be compressed, and does it the next time', async () => {
    const failures: string[] = [];
    const store = openStore(100, { onCompressionFailure: (_: unknown, path: string) => failures.push(path) });
    const writer = await store.openWriter('run-1', 1);
    // A folder stands where the compressed form should come to stand.
    mkdirSync(join(aside('.log.gz', 1, 3), 'x'), { recursive: true });

    for (const line of numberedLines(1, 4)) await writer.append([line]);
    await writer.close();

    expect(failures).toEqual([aside('.log', 1, 3)]);
    expect(olderFiles(store, 'run-1')).toEqual(['000000000001-000000000003.log', '000000000001-000000000003.log.gz']);
    rmSync(aside('.log.gz', 1, 3), { recursive: true });
    expect(await textsOf(store, 'run-1')).toEqual(numberedLines(1, 4).map(({ text }) => text));
    await (await store.openWriter('run-1', 1)).close();
    expect(olderFiles(store, 'run-1')).toEqual(['000000000001-000000000003.log.gz']);
    expect(await textsOf(store, 'run-1')).toEqual(numberedLines(1, 4).map(({ text }) => text));
  });

  test('numbers lines the same in the files and in what is read', async () => {
    const store = openStore(150);
    await write(store, 1, 40);

    const raw = rawLog(store, 'run-1').trimEnd().split('\n');

    const read = await readAll(store, 'run-1', { streams: ALL_STREAMS });
    expect(read.map(({ number }) => number)).toEqual(raw.map((_, index) => index + 1));
    expect(raw.every((line, index) => line.endsWith(read[index]!.text))).toBe(true);
    expect(await store.size('run-1')).toMatchObject({ lines: raw.length });
  });

  function aside(suffix: string, first = 1, last = 5): string {
    const [from, to] = [first, last].map((number) => String(number).padStart(12, '0'));
    return join(older(), `${from}-${to}${suffix}`);
  }
});
