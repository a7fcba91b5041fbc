import { readFileSync, writeFileSync } from 'node:fs';

import fc from 'fast-check';

import { openLogStore } from '../../../store/file-log-store';
import type { LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { logTime } from './engine-log';
import { numberedLines, readAll, textsOf } from './log-file';

/** Opens the log of an attempt, appends lines with the numbers, and seals it where it shall be. */
async function write(store: LogStore, attempt: number, first: number, last: number, seal = false): Promise<void> {
  const writer = await store.openWriter('run-1', attempt);
  for (const line of numberedLines(first, last)) await writer.append([line]);
  if (seal) await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

async function opened(store: LogStore, attempt: number) {
  const writer = await store.openWriter('run-1', attempt);
  await writer.close();
  const { attemptLines, resume, sealed } = writer;
  return { attemptLines, skip: resume?.skip, since: resume?.since, sealed };
}

describe('lines of an older attempt after those of a newer one', () => {
  const scratch = scratchFolder();
  const openStore = (segmentBytes: number): LogStore => openLogStore(scratch.path, { segmentBytes });

  test.each([
    ['one file', 1e9],
    ['a file for each few lines', 100],
  ])('leave each attempt its own place to resume at, in %s', async (_, segmentBytes) => {
    const store = openStore(segmentBytes);
    await write(store, 1, 1, 5);
    await write(store, 2, 101, 107);
    await write(store, 1, 6, 9);

    expect(await opened(store, 1)).toEqual({ attemptLines: 9, skip: 1, since: logTime(9), sealed: null });
    expect(await opened(store, 2)).toEqual({ attemptLines: 7, skip: 1, since: logTime(107), sealed: null });
    expect(await opened(store, 3)).toEqual({ attemptLines: 0, sealed: null });
    expect(await textsOf(store, 'run-1', { attempt: 1 })).toEqual(numberedLines(1, 9).map(({ text }) => text));
    expect(await textsOf(store, 'run-1', { attempt: 1, tail: 5 })).toEqual(numberedLines(5, 9).map(({ text }) => text));
  });

  test.each([
    ['one file', 1e9],
    ['a file for each few lines', 100],
  ])('leave a newer attempt its seal, in %s', async (_, segmentBytes) => {
    const store = openStore(segmentBytes);
    await write(store, 1, 1, 5);
    await write(store, 2, 101, 103, true);
    await write(store, 1, 6, 20, true);

    expect((await opened(store, 2)).sealed).toEqual({ lines: 3, gaps: 0, badBytes: 0 });
    expect((await opened(store, 1)).sealed).toEqual({ lines: 20, gaps: 0, badBytes: 0 });
  });

  test('begin each file with what was of every attempt before it', async () => {
    const store = openStore(100);
    await write(store, 1, 1, 3);
    await write(store, 2, 4, 6, true);
    await write(store, 1, 7, 9);

    const system = await readAll(store, 'run-1', { streams: ['system'] });
    expect(system.slice(-2).map(({ attempt, text }) => `${attempt} ${text}`)).toEqual([
      `1 continued: 5 lines before, newest ${logTime(8)}`,
      `2 continued: 3 lines before, newest ${logTime(6)}, sealed`,
    ]);
  });

  test.each([1, 2])(
    'are not forgotten where a crash leaves only the first %i of the lines that tell of them',
    async (left) => {
      const store = openStore(100);
      await write(store, 1, 1, 3, true);
      await write(store, 2, 101, 103);
      const live = store.pathOf('run-1');
      const lines = readFileSync(live, 'utf8').split('\n');
      expect(lines.slice(0, 2).map((line) => line.slice(31))).toEqual([
        expect.stringMatching(/^1 system continued/),
        expect.stringMatching(/^2 system continued/),
      ]);
      writeFileSync(live, `${lines.slice(0, left).join('\n')}\n`);

      expect(await opened(store, 2)).toMatchObject({ attemptLines: 2, skip: 1 });
      await write(store, 2, 103, 104);
      expect(await opened(store, 2)).toMatchObject({ attemptLines: 4, skip: 1 });
      expect(await textsOf(store, 'run-1', { attempt: 2 })).toEqual(numberedLines(101, 104).map(({ text }) => text));
    },
  );

  test('are told apart however attempts take turns', async () => {
    let runs = 0;
    const turns = fc.array(
      fc.record({ attempt: fc.integer({ min: 1, max: 4 }), lines: fc.integer({ min: 0, max: 5 }) }),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(turns, fc.constantFrom(60, 150, 1e9), async (given, segmentBytes) => {
        const store = openStore(segmentBytes);
        const runId = `turns-${(runs += 1)}`;
        const written = new Map<number, string[]>();
        let number = 0;
        for (const { attempt, lines } of given) {
          const writer = await store.openWriter(runId, attempt);
          const before = written.get(attempt) ?? [];
          expect(writer.attemptLines).toBe(before.length);
          const batch = numberedLines(number + 1, (number += lines));
          for (const line of batch) await writer.append([line]);
          written.set(attempt, [...before, ...batch.map(({ text }) => text)]);
          await writer.close();
        }
        for (const [attempt, texts] of written) {
          const writer = await store.openWriter(runId, attempt);
          await writer.close();
          expect(writer.attemptLines).toBe(texts.length);
          expect(await textsOf(store, runId, { attempt })).toEqual(texts);
        }
      }),
      { numRuns: 60 },
    );
  });
});
