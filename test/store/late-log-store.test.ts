import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openLateLogStore } from '../../store/file-late-log-store';
import { scratchFolder } from '../helpers/scratch-folder';
import { numberedLines, textsOf } from './logs/log-file';

const OWNER = { runId: 'run-1', attempt: 1, containerId: 'abc' };

describe('the store of late logs', () => {
  const scratch = scratchFolder();
  const open = () => openLateLogStore(scratch.path, { segmentBytes: 1e9 });
  const late = (): string => join(scratch.path, 'late');

  test('keeps a copy with its owner until it is removed', async () => {
    const copy = await open().open(OWNER);
    const writer = await copy.openWriter('run-1', 1);
    await writer.append(numberedLines(1, 3));
    await writer.close();

    expect(await open().list()).toEqual([OWNER]);
    const found = await open().find('abc');
    expect(await textsOf(found!, 'run-1')).toEqual(['line 1', 'line 2', 'line 3']);

    await open().remove('abc');
    await open().remove('abc');
    expect(await open().list()).toEqual([]);
    expect(await open().find('abc')).toBeNull();
    expect(readdirSync(late())).toEqual([]);
  });

  test('has none before the first', async () => {
    expect(await open().list()).toEqual([]);
    expect(await open().find('abc')).toBeNull();
  });

  test('does not take for a copy what a process left behind that died while it made or removed one', async () => {
    await open().open(OWNER);
    rmSync(join(late(), 'abc', 'owner.json'));
    mkdirSync(join(late(), '.gone-def', 'logs'), { recursive: true });
    writeFileSync(join(late(), '.gone-def', 'owner.json'), JSON.stringify(OWNER));

    expect(await open().list()).toEqual([]);

    expect(existsSync(join(late(), '.gone-def'))).toBe(false);
    await open().open(OWNER);
    expect(await open().list()).toEqual([OWNER]);
  });

  test.each([['../abc'], ['.gone-abc'], ['']])('refuses "%s" as a container', async (containerId) => {
    await expect(open().find(containerId)).rejects.toThrow(RangeError);
  });
});
