import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { openLogStore } from '../../../store/file-log-store';
import type { LogLine, LogQuery, LogScan, LogStore } from '../../../store/log-store';
import { TIME_DISORDER_MS } from '../../../store/logs/log-time';
import { seekTime } from '../../../store/logs/seek-time';
import { logPaths } from '../../../store/logs/segments';
import { scratchFolder } from '../../helpers/scratch-folder';
import { ALL_STREAMS, olderFiles, olderFolder, readAll, textsOf } from './log-file';

const scratch = scratchFolder();
const BEGIN_MS = Date.parse('2026-11-24T03:00:00Z');

/** The time of a log line so many milliseconds after the beginning of all logs here. */
const at = (afterMs: number): string => new Date(BEGIN_MS + afterMs).toISOString().replace('Z', '000000Z');

const openStore = (segmentBytes: number): LogStore =>
  openLogStore(scratch.path, { segmentBytes, now: () => new Date(BEGIN_MS + 100 * TIME_DISORDER_MS) });

/** A line a minute, each in a file of its own, all but the last set aside and compressed. */
async function writeMinutes(store: LogStore, minutes: number): Promise<void> {
  const writer = await store.openWriter('run-1', 1);
  for (let minute = 0; minute < minutes; minute += 1) {
    await writer.append([{ time: at(minute * 60_000), stream: 'stdout', text: `minute ${minute} ${'x'.repeat(200)}` }]);
  }
  await writer.close();
}

const minutesOf = async (store: LogStore, query: LogQuery): Promise<number[]> =>
  (await textsOf(store, 'run-1', query)).map((text) => Number(text.split(' ')[1]));

describe('a time seek', () => {
  test('begins at the file in which the time is, and not before it', async () => {
    const store = openStore(100);
    await writeMinutes(store, 40);
    expect(olderFiles(store, 'run-1').filter((name) => name.endsWith('.gz'))).toHaveLength(39);

    const start = await seekTime(logPaths(join(scratch.path, 'logs'), 'run-1'), at(30 * 60_000));

    // A line for each minute, and one of the store's in each file; a minute is left for times out of order.
    const [line] = await readAll(store, 'run-1', { from: start });
    expect(line!.text).toMatch(/^minute (28|29) /);
  });

  test('reads nothing of the files that are certainly older', async () => {
    const store = openStore(100);
    await writeMinutes(store, 40);
    const [oldest] = olderFiles(store, 'run-1');
    writeFileSync(join(olderFolder(store, 'run-1'), oldest!), 'no gzip');

    expect(await minutesOf(store, { since: at(35 * 60_000) })).toEqual([35, 36, 37, 38, 39]);
    await expect(minutesOf(store, {})).rejects.toThrow();
  });

  test('ends where all that follows is too late', async () => {
    const store = openStore(100);
    await writeMinutes(store, 40);
    const newest = olderFiles(store, 'run-1').at(-1)!;
    writeFileSync(join(olderFolder(store, 'run-1'), newest), 'no gzip');

    expect(await minutesOf(store, { until: at(3 * 60_000) })).toEqual([0, 1, 2]);
  });

  test('finds lines of an attempt that came late, after those of a later one', async () => {
    const store = openStore(100);
    const write = async (attempt: number, minutes: number[]): Promise<void> => {
      const writer = await store.openWriter('run-1', attempt);
      for (const minute of minutes) {
        const text = `minute ${minute} ${'x'.repeat(200)}`;
        await writer.append([{ time: at(minute * 60_000), stream: 'stdout', text }]);
      }
      await writer.close();
    };
    await write(1, [0, 1]);
    await write(2, [20, 21, 22, 23]);
    await write(1, [2, 3]);

    expect(await minutesOf(store, { until: at(4 * 60_000) })).toEqual([0, 1, 2, 3]);
    expect(await minutesOf(store, { until: at(21 * 60_000), attempt: 2 })).toEqual([20]);
    expect(await minutesOf(store, { since: at(22 * 60_000) })).toEqual([22, 23]);
    expect(await minutesOf(store, { since: at(3 * 60_000), attempt: 1 })).toEqual([3]);
  });

  test('is exact to the nanosecond at both ends', async () => {
    const store = openStore(1e9);
    const writer = await store.openWriter('run-1', 1);
    const times = ['03:00:00.000000001', '03:00:00.000000002', '03:00:00.000000003'];
    await writer.append(
      times.map((time, index) => ({ time: `2026-11-24T${time}Z`, stream: 'stdout' as const, text: String(index) })),
    );
    await writer.close();

    const range = { since: '2026-11-24T03:00:00.000000002Z', until: '2026-11-24T03:00:00.000000003Z' };
    expect(await textsOf(store, 'run-1', range)).toEqual(['1']);
  });

  test('of a log that has no line of a program, or none at all, finds nothing', async () => {
    const store = openStore(1e9);
    const writer = await store.openWriter('run-1', 1);
    await writer.seal({ gaps: 0, badBytes: 0 });
    await writer.close();

    expect(await textsOf(store, 'run-1', { since: at(0) })).toEqual([]);
    expect(await textsOf(store, 'nobody', { since: at(0), tail: 3 })).toEqual([]);
  });
});

/** Lines whose times go on by up to a minute and back by less than the disorder that a log may have. */
const nearlyOrdered = fc.array(
  fc.record({
    advance: fc.nat(60_000),
    delay: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(TIME_DISORDER_MS - 1) }),
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    attemptEnds: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  }),
  { minLength: 1, maxLength: 60 },
);

test('since, until, tail and from together give what looking at every line gives, also where times are out of order', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(nearlyOrdered, fc.nat(), fc.nat(), fc.nat(70), async (steps, one, other, number) => {
      run += 1;
      const runId = `run-${run}`;
      const store = openStore(400);
      const endMs = await writeSteps(store, runId, steps);
      const range = { since: at(one % (endMs + 1)), until: at((other % (endMs + 1)) + 1) };
      const all = await readAll(store, runId, { streams: ['stdout', 'stderr'] });
      const inRange = all.filter(({ time }) => time >= range.since && time < range.until);

      expect(await readAll(store, runId, range)).toEqual(inRange);
      const tail = number % 7;
      expect(await readAll(store, runId, { ...range, tail })).toEqual(tail === 0 ? [] : inRange.slice(-tail));
      expect(await readAll(store, runId, { ...range, from: number })).toEqual(
        inRange.filter((line) => line.number >= number),
      );
    }),
    { numRuns: 60 },
  );
}, 60_000);

type Step = { advance: number; delay: number; stream: 'stdout' | 'stderr'; attemptEnds: boolean };

/** @returns where the clock stands at the end, in milliseconds after the beginning. */
async function writeSteps(store: LogStore, runId: string, steps: readonly Step[]): Promise<number> {
  let clock = TIME_DISORDER_MS;
  let attempt = 1;
  let writer = await store.openWriter(runId, attempt);
  for (const { advance, delay, stream, attemptEnds } of steps) {
    clock += advance;
    await writer.append([{ time: at(clock - delay), stream, text: `after ${clock}` }]);
    if (!attemptEnds) continue;
    await writer.seal({ gaps: 0, badBytes: 0 });
    await writer.close();
    attempt += 1;
    writer = await store.openWriter(runId, attempt);
  }
  await writer.close();
  return clock;
}

describe('a query for a text', () => {
  const even = (text: string): boolean => Number(text.split(' ')[1]) % 2 === 0;

  test.each<[string, LogQuery, number[]]>([
    ['gives the lines that fit', { matches: even }, [0, 2, 4, 6, 8]],
    ['counts only these in a tail', { matches: even, tail: 2 }, [6, 8]],
    ['counts only these in a tail that goes back to older files', { matches: even, tail: 4 }, [2, 4, 6, 8]],
    ['fits with a time', { matches: even, since: at(5 * 60_000) }, [6, 8]],
    ['looks in a tail at no line before the first one', { matches: even, tail: 9, from: 8 }, [6, 8]],
    ['may find nothing', { matches: () => false, tail: 3 }, []],
  ])('%s', async (_, query, minutes) => {
    const store = openStore(600);
    await writeMinutes(store, 10);

    expect(await minutesOf(store, query)).toEqual(minutes);
  });

  test('is shown the text as it was printed, in every way of reading', async () => {
    const store = openStore(300);
    const writer = await store.openWriter('run-1', 1);
    for (const text of ['größe 😀', 'klein', 'größe 漢字', 'x'.repeat(400)]) {
      await writer.append([{ time: at(0), stream: 'stdout', text }]);
    }
    await writer.close();
    const matches = (text: string): boolean => text.includes('größe');

    expect(await textsOf(store, 'run-1', { matches })).toEqual(['größe 😀', 'größe 漢字']);
    expect(await textsOf(store, 'run-1', { matches, tail: 1 })).toEqual(['größe 漢字']);
    expect(await textsOf(store, 'run-1', { matches, tail: 2 })).toEqual(['größe 😀', 'größe 漢字']);
  });

  test('lets the rest of the process have its turn', async () => {
    const store = openStore(1e9);
    const writer = await store.openWriter('run-1', 1);
    await writer.append(Array.from({ length: 300 }, () => ({ time: at(0), stream: 'stdout' as const, text: 'x' })));
    await writer.close();
    let turns = 0;
    let lines = 0;
    const turn = (): void => {
      turns += 1;
      if (lines < 300) setImmediate(turn);
    };
    const matches = (): boolean => {
      if (lines === 0) turn();
      lines += 1;
      for (const endMs = performance.now() + 1; performance.now() < endMs;);
      return false;
    };

    await textsOf(store, 'run-1', { matches });

    expect(turns).toBeGreaterThan(3);
  });
});

describe('a scan', () => {
  const scanAll = async (store: LogStore, query: LogQuery): Promise<LogScan[]> => {
    const blocks: LogScan[] = [];
    for await (const block of store.scan('run-1', query)) blocks.push(block);
    return blocks;
  };

  test('tells how far it is, also where it found nothing', async () => {
    const store = openStore(100);
    await writeMinutes(store, 5);
    const all = await readAll(store, 'run-1', { streams: ALL_STREAMS });

    const blocks = await scanAll(store, { matches: () => false });

    expect(blocks.flatMap(({ lines }): LogLine[] => lines)).toEqual([]);
    expect(blocks.map(({ next }) => next)).toEqual([2, 4, 6, 8, 10]);
    expect(blocks.at(-1)!.next).toBe(all.length + 1);
    expect(blocks.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(5 * 200);
  });

  test('stops when nobody waits for it any more', async () => {
    const store = openStore(100);
    await writeMinutes(store, 5);
    const gone = new AbortController();
    const matches = (): boolean => {
      gone.abort();
      return false;
    };

    expect(await scanAll(store, { matches, signal: gone.signal })).toHaveLength(1);
    expect(await scanAll(store, { matches, tail: 1, signal: gone.signal })).toHaveLength(1);
  });
});
