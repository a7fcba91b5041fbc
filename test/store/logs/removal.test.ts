import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LogInUseError } from '../../../store/errors';
import { openLogStore } from '../../../store/file-log-store';
import type { LogStore, StoredLog } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { numberedLines, olderFolder, textsOf } from './log-file';

const scratch = scratchFolder();
const openStore = (): LogStore =>
  openLogStore(scratch.path, { segmentBytes: 300, now: () => new Date('2026-11-24T00:00:00Z') });

const WHY = 'it was kept for 30d';

/** A log of some files that were set aside and a live one. */
async function write(store: LogStore, runId: string, attempt = 1): Promise<void> {
  const writer = await store.openWriter(runId, attempt);
  for (const line of numberedLines(1, 20)) await writer.append([line]);
  await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

async function listed(store: LogStore): Promise<StoredLog[]> {
  const logs: StoredLog[] = [];
  for await (const log of store.list()) logs.push(log);
  return logs.toSorted((one, other) => (one.runId < other.runId ? -1 : 1));
}

const filesOf = (runId: string): string[] =>
  readdirSync(join(scratch.path, 'logs')).filter((name) => name.startsWith(`training_${runId}.`));

describe('the list of logs', () => {
  test('has each log with all its bytes', async () => {
    const store = openStore();
    await write(store, 'a.log');
    await write(store, 'b');
    writeFileSync(join(scratch.path, 'logs', 'notes.txt'), 'of somebody');

    const logs = await listed(store);

    expect(logs.map(({ runId }) => runId)).toEqual(['a.log', 'b']);
    for (const { runId, bytes, isBeingRemoved } of logs) {
      expect([bytes, isBeingRemoved]).toEqual([(await store.size(runId))!.bytes, false]);
    }
  });

  test('has a log of which only what was set aside is there', async () => {
    const store = openStore();
    await write(store, 'a');
    rmSync(store.pathOf('a'));

    expect((await listed(store)).map(({ runId }) => runId)).toEqual(['a']);
  });

  test('is empty where there is none', async () => {
    expect(await listed(openStore())).toEqual([]);
  });
});

describe('a log that is removed', () => {
  test('is gone with all its files, and says when and why', async () => {
    const store = openStore();
    await write(store, 'a');
    await write(store, 'a-2');

    await store.remove('a', WHY);

    expect(filesOf('a')).toEqual(['training_a.removed']);
    expect(await textsOf(store, 'a')).toEqual([]);
    expect(await store.size('a')).toBeNull();
    expect(await store.removal('a')).toEqual({ at: '2026-11-24T00:00:00.000Z', because: WHY });
    expect((await listed(store)).map(({ runId }) => runId)).toEqual(['a-2']);
    expect(await store.removal('a-2')).toBeNull();
    expect(await textsOf(store, 'a-2')).toHaveLength(20);
  });

  test('may be removed again, and the first reason stays', async () => {
    const store = openStore();
    await write(store, 'a');
    await store.remove('a', WHY);

    await store.remove('a', 'another');

    expect(await store.removal('a')).toMatchObject({ because: WHY });
  });

  test('may never have been there', async () => {
    const store = openStore();
    await store.remove('nobody', WHY);

    expect(await store.removal('nobody')).toMatchObject({ because: WHY });
  });

  test('is not one that is being written, in whatever process', async () => {
    const writing = openStore();
    await write(writing, 'a');
    const writer = await writing.openWriter('a', 2);

    for (const store of [writing, openStore()]) {
      await expect(store.remove('a', WHY)).rejects.toThrow(LogInUseError);
      expect(await store.removal('a')).toBeNull();
    }
    await writer.append(numberedLines(21, 21));
    await writer.close();
    expect(await textsOf(writing, 'a')).toHaveLength(21);

    await openStore().remove('a', WHY);
    expect(filesOf('a')).toEqual(['training_a.removed']);
  });

  /** What a process leaves behind that dies at one of the steps. */
  const deaths: [string, (store: LogStore) => void][] = [
    ['before the first file is gone', () => {}],
    ['when the live file is gone', (store) => rmSync(store.pathOf('a'))],
    ['in the middle of what was set aside', (store) => rmSync(firstOlder(store))],
  ];

  test.each(deaths)(
    'is no half log for a reader when the remover died %s, and is removed the next time',
    async (_, die) => {
      const store = openStore();
      await write(store, 'a');
      await write(store, 'b');
      await store.remove('b', WHY);
      writeFileSync(join(scratch.path, 'logs', 'training_a.removed'), JSON.stringify(await store.removal('b')));
      die(store);

      expect(await textsOf(store, 'a')).toEqual([]);
      expect(await textsOf(store, 'a', { tail: 3 })).toEqual([]);
      expect(await store.size('a')).toBeNull();
      expect(await listed(store)).toEqual([{ runId: 'a', bytes: expect.any(Number), isBeingRemoved: true }]);

      await store.remove('a', 'another');
      expect(filesOf('a')).toEqual(['training_a.removed']);
      expect(await store.removal('a')).toMatchObject({ because: WHY });
    },
  );

  test('is whole when the remover died before it had recorded anything', async () => {
    const store = openStore();
    await write(store, 'a');
    writeFileSync(join(scratch.path, 'logs', 'training_a.removed.tmp'), '{"at":');

    expect(await textsOf(store, 'a')).toHaveLength(20);
    await store.remove('a', WHY);
    expect(filesOf('a')).toEqual(['training_a.removed']);
  });

  test('begins anew where an attempt is written after all, also when the remover died', async () => {
    const store = openStore();
    await write(store, 'a');
    await store.remove('a', WHY);
    const removal = join(scratch.path, 'logs', 'training_a.removed');
    writeFileSync(store.pathOf('a'), 'what the remover left\n');
    expect(existsSync(removal)).toBe(true);

    await write(store, 'a', 2);

    expect(await store.removal('a')).toBeNull();
    expect(await textsOf(store, 'a')).toEqual(numberedLines(1, 20).map(({ text }) => text));
  });
});

function firstOlder(store: LogStore): string {
  const folder = olderFolder(store, 'a');
  return join(folder, readdirSync(folder).toSorted()[0]!);
}
