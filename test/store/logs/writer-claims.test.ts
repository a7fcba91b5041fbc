import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { LogInUseError } from '../../../store/errors';
import { openLogStore } from '../../../store/file-log-store';
import type { LogStore } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { startStoreChild, type StoreChild } from '../../helpers/store-child';

describe('the one writer of a log', () => {
  const scratch = scratchFolder();
  const children: StoreChild[] = [];
  const openStore = (): LogStore => openLogStore(scratch.path, { segmentBytes: 1e9 });
  const writers = (): string[] => readdirSync(join(scratch.path, 'logs', '.writers')).toSorted();

  /** A process that has the log of a run open until it is killed. */
  const writeInChild = async (runId: string): Promise<StoreChild> => {
    const child = startStoreChild('write-log', [scratch.path, runId, '1000000', '1000000', '1', '60000']);
    children.push(child);
    expect(await child.firstLine).toBe('open');
    return child;
  };

  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
  });

  test('keeps another process out, with its id in the error, and lets it in when that one was killed', async () => {
    const child = await writeInChild('run-1');
    const store = openStore();

    const error: unknown = await store.openWriter('run-1', 2).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LogInUseError);
    expect((error as Error).message).toBe(
      `the log of run-1 is being written by process ${child.pid}; try again when that writer is done`,
    );

    await child.kill();
    await (await store.openWriter('run-1', 2)).close();
  });

  test('keeps out this process too, by the same store and by another one, until it is closed', async () => {
    const [store, other] = [openStore(), openStore()];
    const writer = await store.openWriter('run-1', 1);

    await expect(store.openWriter('run-1', 1)).rejects.toThrow(LogInUseError);
    await expect(other.openWriter('run-1', 2)).rejects.toThrow(`by process ${process.pid}`);

    await writer.close();
    await writer.close();
    await (await other.openWriter('run-1', 2)).close();
  });

  test('is one for each run', async () => {
    await writeInChild('run-1');
    const store = openStore();
    const open = await Promise.all(['run-2', 'run-3', 'takeover.lock'].map((runId) => store.openWriter(runId, 1)));

    await Promise.all(open.map((writer) => writer.close()));
  });

  test('leaves no file of a run or of a process when it is closed', async () => {
    const store = openStore();
    const writer = await store.openWriter('run-1', 1);
    expect(writers()).toHaveLength(3);

    await writer.close();

    expect(writers()).toEqual(['takeover.lock']);
  });

  test('is free again where the log could not be opened', async () => {
    const store = openStore();
    await expect(store.openWriter('../run', 1)).rejects.toThrow(RangeError);

    expect(existsSync(join(scratch.path, 'logs', '.writers'))).toBe(false);
    expect(existsSync(store.pathOf('run-1'))).toBe(false);
  });

  test('clears up after processes that died, also for runs that nobody writes again', async () => {
    const alive = await writeInChild('run-1');
    const dead = await writeInChild('run-2');
    await dead.kill();

    const writer = await openStore().openWriter('run-3', 1);

    const names = writers();
    expect(names.filter((name) => name.startsWith('run-'))).toEqual(['run-run-1', 'run-run-3']);
    const owners = names.filter((name) => name.startsWith('owner-')).map((name) => Number(name.split('-')[1]));
    expect(new Set(owners)).toEqual(new Set([alive.pid, process.pid]));
    await writer.close();
  });

  test('is got by exactly one of several that take over from a dead one at the same moment', async () => {
    await (await writeInChild('run-1')).kill();

    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => writeInChild('run-1')));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toContain('LogInUseError');
    }
  });
});
