import { openLogStore } from '../../../store/file-log-store';
import type { LogQuery, LogStore } from '../../../store/log-store';
import { SLICE_MS } from '../../../store/logs/slices';
import { scratchFolder } from '../../helpers/scratch-folder';
import { numbered, olderFiles, textsOf } from './log-file';

const scratch = scratchFolder();

/** Long lines in one block, which is in one file, or in an older file before an empty one. */
async function write(segmentBytes: number): Promise<LogStore> {
  const store = openLogStore(scratch.path, { segmentBytes });
  const writer = await store.openWriter('run-1', 1);
  const lines = Array.from({ length: 6 }, (_, index) => numbered(index + 1, { text: 'x'.repeat(5_000) }));
  await writer.append(lines);
  await writer.append([numbered(7, { text: 'x'.repeat(5_000) })]);
  await writer.close();
  return store;
}

/** Counts the turns of the event loop from now on. */
function countTurns(): { now: () => number; stop: () => void } {
  let turns = 0;
  let next: NodeJS.Immediate;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  count();
  return { now: () => turns, stop: () => clearImmediate(next) };
}

/** The turn of the event loop in which each line was looked at, by readers at once, with a pattern that takes a slice for each. */
async function turnsOf(store: LogStore, queries: readonly LogQuery[]): Promise<number[]> {
  const turns = countTurns();
  const seen: number[] = [];
  const matches = (): boolean => {
    seen.push(turns.now());
    for (const endMs = performance.now() + SLICE_MS; performance.now() < endMs;);
    return false;
  };
  await Promise.all(queries.map((query) => textsOf(store, 'run-1', { ...query, matches })));
  turns.stop();
  return seen;
}

describe('a search in a log lets the rest of the process have its turn after each slice of time', () => {
  // Where a search for the last lines finds too few, the log is read from its beginning.
  test.each<[string, LogQuery[], number]>([
    ['which one line may take', [{}], 7],
    ['also where it looks for the last lines', [{ tail: 1 }], 14],
    ['which is the only one in a turn, however many search', [{}, {}, { tail: 1 }], 28],
  ])('%s', async (_, queries, looks) => {
    const seen = await turnsOf(await write(1e9), queries);

    expect(seen).toHaveLength(looks);
    expect(new Set(seen).size).toBe(looks);
  });

  test('also where it looks for the last lines in older files', async () => {
    const store = await write(20_000);
    expect(olderFiles(store, 'run-1')).toHaveLength(1);

    const seen = await turnsOf(store, [{ tail: 1 }]);

    expect(seen).toHaveLength(14);
    expect(new Set(seen).size).toBe(14);
  });
});
