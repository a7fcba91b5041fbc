import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { removeTree } from '../../host/remove-tree';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
const at = (...parts: string[]): string => join(scratch.path, ...parts);

/** Somebody else's folder, which no link may lead a removal to. */
function neighbour(): string {
  mkdirSync(at('neighbour'));
  writeFileSync(at('neighbour', 'precious'), 'still here');
  return at('neighbour');
}

const expectNeighbour = (): void => expect(readFileSync(at('neighbour', 'precious'), 'utf8')).toBe('still here');

describe('removeTree', () => {
  it('removes a file, a folder with all that is in it, and what is not there', async () => {
    writeFileSync(at('file'), '');
    mkdirSync(at('folder', 'a', 'b'), { recursive: true });
    writeFileSync(at('folder', 'a', 'b', 'deep'), '');
    writeFileSync(
      Buffer.concat([Buffer.from(`${at('folder')}/`), Buffer.from([0xff, 0xfe])]),
      'a name that is no text',
    );

    for (const name of ['file', 'folder', 'nothing']) await removeTree(at(name));

    expect(existsSync(at('file')) || existsSync(at('folder'))).toBe(false);
  });

  it.each(['to a folder', 'to a file', 'to nothing'])('removes a link %s, and not what it leads to', async (kind) => {
    const target = { 'to a folder': neighbour(), 'to a file': at('neighbour', 'precious') }[kind] ?? at('nowhere');
    mkdirSync(at('folder'));
    symlinkSync(target, at('link'));
    symlinkSync(target, at('folder', 'link'));

    await removeTree(at('link'));
    await removeTree(at('folder'));

    await expect(lstat(at('link'))).rejects.toThrow('ENOENT');
    expect(existsSync(at('folder'))).toBe(false);
    expectNeighbour();
  });

  it('leads nowhere else when a folder that is being emptied is replaced by a link', async () => {
    const target = neighbour();
    // What a removal by path has read in the one folder it would remove in the other.
    const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
    const inner = at('folder', 'inner');
    mkdirSync(inner, { recursive: true });
    for (const name of names) for (const folder of [inner, target]) writeFileSync(join(folder, name), '');

    const removing = removeTree(at('folder')).catch((error: unknown) => error);
    while (!isOpen(inner)) await nextTurn();
    renameSync(inner, at('aside'));
    symlinkSync(target, inner);

    expect(await removing).toMatchObject({ code: 'ENOTDIR' });
    expectNeighbour();
    expect(readdirSync(target)).toHaveLength(names.length + 1);
    expect(readdirSync(at('aside'))).toEqual([]);
  });

  it('gives up on folders that are nested without end, and leaves what is around them', async () => {
    neighbour();
    mkdirSync(at('deep', ...Array.from({ length: 150 }, () => 'd')), { recursive: true });

    await expect(removeTree(at('deep'))).rejects.toThrow('nested deeper than 100');

    expectNeighbour();
  });
});

/** Whether this process has a folder open. */
function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => linkOf(`/proc/self/fd/${fd}`) === path);
}

/** Null for what was closed in between. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
