import { appendFileSync, truncateSync } from 'node:fs';

import { openLogStore } from '../../../store/file-log-store';
import type { LogLine, LogQuery, LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { startStoreChild } from '../../helpers/store-child';
import { until } from '../../helpers/until';
import { logTime } from './engine-log';
import { numbered, numberedLines, olderFiles } from './log-file';

describe('the follow of a log', () => {
  const scratch = scratchFolder();
  const ending: (() => Promise<unknown>)[] = [];
  const openStore = (segmentBytes = 1e9): LogStore => openLogStore(scratch.path, { segmentBytes });

  afterEach(async () => {
    for (const end of ending.splice(0)) await end();
  });

  /** A follow in progress. It ends when told to, and at the latest with the test. */
  const follow = (store: LogStore, query: LogQuery = {}, isEnded: () => boolean = () => false) => {
    const abort = new AbortController();
    const lines: LogLine[] = [];
    const done = (async () => {
      const asked = { ...query, signal: abort.signal, ended: () => Promise.resolve(isEnded()) };
      for await (const batch of store.follow('run-1', asked)) lines.push(...batch);
    })();
    ending.push(() => {
      abort.abort();
      return done;
    });
    const texts = (): string[] => lines.map(({ text }) => text);
    return { lines, texts, done, abort };
  };

  test('begins before there is a log, and sees each line come', async () => {
    const store = openStore();
    const following = follow(openStore());
    const writer = await store.openWriter('run-1', 1);

    for (const line of numberedLines(1, 3)) {
      await writer.append([line]);
      await until(() => following.texts().includes(line.text), { everyMs: 5 });
    }

    expect(following.texts()).toEqual(['line 1', 'line 2', 'line 3']);
    await writer.close();
  });

  test('ends when the log has ended, with all that was stored before', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    let hasEnded = false;
    let asked = 0;
    const following = follow(store, {}, () => {
      asked += 1;
      return hasEnded;
    });
    await writer.append([numbered(1)]);
    await until(() => asked > 1, { everyMs: 5 });

    await writer.append(numberedLines(2, 3));
    hasEnded = true;
    await following.done;

    expect(following.texts()).toEqual(['line 1', 'line 2', 'line 3']);
    await writer.close();
  });

  test('reads what came while it asked whether that is all', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    const lines: string[] = [];
    let asked = 0;
    const ended = async (): Promise<boolean> => {
      asked += 1;
      if (asked === 1) await writer.append([numbered(2)]);
      return true;
    };

    const signal = new AbortController().signal;
    for await (const batch of store.follow('run-1', { ended, signal })) lines.push(...batch.map(({ text }) => text));

    expect(lines).toEqual(['line 1', 'line 2']);
    await writer.close();
  });

  test('ends at once when it is aborted while it waits', async () => {
    const following = follow(openStore());
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    await until(() => following.lines.length === 1, { everyMs: 5 });

    following.abort.abort();
    await following.done;
    await writer.append([numbered(2)]);

    expect(following.texts()).toEqual(['line 1']);
    await writer.close();
  });

  test('begins at a number or with the last lines', async () => {
    const store = openStore(300);
    const writer = await store.openWriter('run-1', 1);
    for (const line of numberedLines(1, 20)) await writer.append([line]);
    const last = follow(store, { tail: 2 });
    let looked = 0;
    const none = follow(store, { tail: 0 }, () => {
      looked += 1;
      return false;
    });
    const from = follow(store, { from: (await store.size('run-1'))!.lines });
    await until(() => last.lines.length === 2 && from.lines.length === 1 && looked > 0, { everyMs: 5 });

    await writer.append([numbered(21)]);
    await until(() => [last, none, from].every(({ texts }) => texts().includes('line 21')), { everyMs: 5 });

    expect(last.texts()).toEqual(['line 19', 'line 20', 'line 21']);
    expect(none.texts()).toEqual(['line 21']);
    expect(from.texts()).toEqual(['line 20', 'line 21']);
    await writer.close();
  });

  test('waits for the end of a line that is being written, and forgets one that was torn', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    await writer.append([numbered(1)]);
    await writer.close();
    let looked = 0;
    const following = follow(store, {}, () => {
      looked += 1;
      return false;
    });
    await until(() => following.lines.length === 1, { everyMs: 5 });

    appendFileSync(store.pathOf('run-1'), `${logTime(2)} 1 stdout to`);
    const before = looked;
    await until(() => looked > before + 1, { everyMs: 5 });
    expect(following.lines).toHaveLength(1);
    const again = await store.openWriter('run-1', 1);
    await again.append([numbered(2, { text: 'whole' })]);
    await until(() => following.lines.length === 2, { everyMs: 5 });

    expect(following.texts()).toEqual(['line 1', 'whole']);
    await again.close();
  });

  test('goes on by the numbers when lines that it has read are cut off and come again', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    await writer.append(numberedLines(1, 3));
    await writer.close();
    let looked = 0;
    const following = follow(store, {}, () => {
      looked += 1;
      return false;
    });
    await until(() => following.lines.length === 3, { everyMs: 5 });

    truncateSync(store.pathOf('run-1'), `${logTime(1)} 1 stdout line 1\n`.length);
    const before = looked;
    await until(() => looked > before + 1, { everyMs: 5 });
    const again = await store.openWriter('run-1', 1);
    await again.append(numberedLines(2, 4));
    await until(() => following.texts().includes('line 4'), { everyMs: 5 });

    expect(following.texts()).toEqual(['line 1', 'line 2', 'line 3', 'line 4']);
    await again.close();
  });

  test('has every line once and in order from a writer in another process that rotates all the time', async () => {
    const store = openStore();
    const child = startStoreChild('write-log', [scratch.path, 'run-1', '1500', '3000', '7', '1']);
    ending.push(() => child.kill());
    await child.firstLine;
    const fast = follow(store, {}, () => isSealed);
    const late = follow(store, { from: 1_000 }, () => isSealed);
    let isSealed = false;

    expect(await child.ended).toBe(0);
    isSealed = true;
    await Promise.all([fast.done, late.done]);

    expect(fast.texts()).toEqual(numberedLines(1, 3_000).map(({ text }) => text));
    expect(late.texts()).toEqual(fast.lines.filter(({ number }) => number >= 1_000).map(({ text }) => text));
    expect(olderFiles(store, 'run-1').length).toBeGreaterThan(20);
  });

  test('does not hinder the writer or another follow when its own reader is slow', async () => {
    const store = openStore(20_000);
    const writer = await store.openWriter('run-1', 1);
    const signal = new AbortController().signal;
    const slow = store.follow('run-1', { signal, ended: () => Promise.resolve(true) })[Symbol.asyncIterator]();
    await writer.append([numbered(1)]);
    const first = (await slow.next()) as IteratorYieldResult<LogLine[]>;
    const other = follow(store);

    for (let next = 2; next <= 5_000; next += 100) await writer.append(numberedLines(next, next + 99));
    await until(() => other.texts().includes('line 5000'), { everyMs: 5 });
    const rest: LogLine[] = [];
    for (let step = await slow.next(); step.done !== true; step = await slow.next()) {
      rest.push(...(step.value as LogLine[]));
    }

    expect([...first.value, ...rest].map(({ text }) => text)).toEqual(other.texts());
    await writer.close();
  });
});
