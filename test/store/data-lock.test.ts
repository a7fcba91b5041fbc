import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lockDataFolder } from '../../store/data-lock';
import { DataFolderLockedError } from '../../store/errors';
import { scratchFolder } from '../helpers/scratch-folder';
import { startStoreChild, type StoreChild } from '../helpers/store-child';

describe('the lock of a data folder', () => {
  const scratch = scratchFolder();
  const children: StoreChild[] = [];

  const holdInChild = async (name: string): Promise<StoreChild> => {
    const child = startStoreChild('hold-lock', [scratch.path, name]);
    children.push(child);
    expect(await child.firstLine).toBe('locked');
    return child;
  };
  const lockFailure = (name: string): DataFolderLockedError => {
    try {
      lockDataFolder(scratch.path, name).release();
    } catch (error) {
      expect(error).toBeInstanceOf(DataFolderLockedError);
      return error as DataFolderLockedError;
    }
    throw new Error('the lock was free');
  };

  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
  });

  test('keeps a second process out with a sentence that names the folder and the holder', async () => {
    const child = await holdInChild('server');

    const error = lockFailure('server');

    expect(error.pid).toBe(child.pid);
    expect(error.message).toBe(
      `the data folder ${scratch.path} is in use by another Trainyard server, process ${child.pid}; ` +
        'stop that one first, or choose another data folder',
    );
  });

  test('is free again when its holder was killed with SIGKILL', async () => {
    const child = await holdInChild('server');
    await child.kill();

    const lock = lockDataFolder(scratch.path, 'server');

    expect(readFileSync(join(scratch.path, 'server.pid'), 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  test('keeps this process out too while it holds it, and lets it in after the release', () => {
    const lock = lockDataFolder(scratch.path, 'host-one');

    expect(lockFailure('host-one').message).toMatch(/another Trainyard process \(as "host-one"\), process \d+;/);

    lock.release();
    lock.release();
    expect(existsSync(join(scratch.path, 'host-one.pid'))).toBe(false);
    lockDataFolder(scratch.path, 'host-one').release();
  });

  test('is one for each name and folder', () => {
    const locks = [lockDataFolder(scratch.path, 'server'), lockDataFolder(scratch.path, 'host-one')];
    locks.push(lockDataFolder(join(scratch.path, 'other'), 'server'));

    for (const lock of locks) lock.release();
  });

  test('does not need to know the holder to keep others out', async () => {
    await holdInChild('server');
    writeFileSync(join(scratch.path, 'server.pid'), '');

    expect(lockFailure('server').message).toMatch(/in use by another Trainyard server; stop that one first/);
  });

  test('is got by exactly one of several that start at the same moment', async () => {
    const started = Array.from({ length: 4 }, () => startStoreChild('hold-lock', [scratch.path, 'server']));
    children.push(...started);

    const outcomes = await Promise.allSettled(started.map(({ firstLine }) => firstLine));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toContain('DataFolderLockedError');
    }
  });
});
