import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { LogHoleError, LogRemovedError } from '../../../store/errors';
import { openLogStore } from '../../../store/file-log-store';
import type { LogLine, LogQuery, LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { numberedLines, olderFiles, olderFolder, readAll, textsOf } from './log-file';

const scratch = scratchFolder();
let store: LogStore;

/** A log of files that were set aside, and a live one. */
beforeEach(async () => {
  store = openLogStore(scratch.path, { segmentBytes: 400 });
  const writer = await store.openWriter('a', 1);
  for (let first = 1; first <= 60; first += 10) await writer.append(numberedLines(first, first + 9));
  await writer.close();
});

const { signal } = new AbortController();
const READINGS: [string, (query: LogQuery) => AsyncIterable<LogLine[]>][] = [
  ['read', (query) => store.read('a', query)],
  ['follow', (query) => store.follow('a', { ...query, ended: async () => true, signal })],
];

/** What is read where something happens after the first lines, and how that ends. */
async function readWhile(
  lines: AsyncIterable<LogLine[]>,
  happen: () => Promise<void> | void,
): Promise<{ texts: string[]; end: unknown }> {
  const texts: string[] = [];
  try {
    for await (const batch of lines) {
      if (texts.length === 0) await happen();
      texts.push(...batch.map(({ text }) => text));
    }
    return { texts, end: 'the end' };
  } catch (error) {
    return { texts, end: error };
  }
}

function removeOlder(...indexes: number[]): void {
  const names = olderFiles(store, 'a');
  for (const index of indexes) rmSync(join(olderFolder(store, 'a'), names[index]!));
}

const firstLineOf = (index: number): number => Number(olderFiles(store, 'a')[index]!.slice(0, 12));

describe.each(READINGS)('a %s', (_, reading) => {
  test('of a log that is removed meanwhile fails with that, and does not take it for the end', async () => {
    const { texts, end } = await readWhile(reading({}), () => store.remove('a', 'it was kept for 30d'));

    expect(texts.length).toBeGreaterThan(0);
    expect(texts.length).toBeLessThan(60);
    expect(end).toBeInstanceOf(LogRemovedError);
    expect(String(end)).toContain('because it was kept for 30d');
  });

  test.each<[string, LogQuery]>([
    ['', {}],
    [' also where it shall be whole', { whole: true }],
    [' also where the last lines are wanted', { tail: 55 }],
  ])('of a log whose removal is under way meanwhile fails with that, and goes over no hole,%s', async (_how, query) => {
    const { texts, end } = await readWhile(reading(query), async () => {
      const kept = olderFolder(store, 'a');
      renameSync(kept, `${kept}.kept`);
      await store.remove('a', 'it is old');
      renameSync(`${kept}.kept`, kept);
      removeOlder(1, 2);
    });

    const written = numberedLines(1, 60).map(({ text }) => text);
    const start = written.indexOf(texts[0]!);
    expect(texts).toEqual(written.slice(start, start + texts.length));
    expect(end).toBeInstanceOf(LogRemovedError);
  });

  test('that wants a whole log says which lines are gone where somebody took files away, and can go on after them', async () => {
    const next = firstLineOf(3);
    const { texts, end } = await readWhile(reading({ whole: true }), () => removeOlder(1, 2));

    expect(texts.length).toBeGreaterThan(0);
    expect(end).toBeInstanceOf(LogHoleError);
    expect(String(end)).toContain(`lines ${firstLineOf(0) + 10} to ${next - 1}`);
    const rest = await readWhile(reading({ whole: true, from: next }), () => {});
    expect(rest).toEqual({ texts: expect.arrayContaining(['line 60']), end: 'the end' });
  });

  test('goes over such lines where it may', async () => {
    removeOlder(1, 2);

    expect(await readWhile(reading({}), () => {})).toEqual({
      texts: expect.arrayContaining(['line 1', 'line 60']),
      end: 'the end',
    });
  });

  test('that wants a whole log begins with what there is where the oldest files were taken away', async () => {
    removeOlder(0, 1);

    const { texts, end } = await readWhile(reading({ whole: true }), () => {});

    expect([texts.includes('line 1'), texts.at(-1), end]).toEqual([false, 'line 60', 'the end']);
  });
});

test('a log that was removed between two looks has neither size nor seal', async () => {
  await store.remove('a', 'it is old');

  expect(await store.size('a')).toBeNull();
  expect(await store.sealOf('a', 1)).toBeNull();
  expect(await readAll(store, 'a')).toEqual([]);
  expect(await textsOf(store, 'a', { tail: 2 })).toEqual([]);
});
