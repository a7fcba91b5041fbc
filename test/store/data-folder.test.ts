import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { dataFolderName } from '../../store/data-folder';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();

describe('the name of a data folder', () => {
  it('is made once, and kept in it', () => {
    const name = dataFolderName(scratch.path);

    expect(name).toMatch(/^[0-9a-f]{12}$/);
    expect(dataFolderName(scratch.path)).toBe(name);
    expect(readdirSync(scratch.path)).toEqual(['installation']);
  });

  it.each(['', '\0'.repeat(13)])('is another one where power was lost over the making of it, as %j', (rest) => {
    writeFileSync(join(scratch.path, 'installation'), rest);
    const name = dataFolderName(scratch.path);

    expect(name).toMatch(/^[0-9a-f]{12}$/);
    expect(dataFolderName(scratch.path)).toBe(name);
    expect(readFileSync(join(scratch.path, 'installation-2'), 'utf8').trim()).toBe(name);
  });
});
