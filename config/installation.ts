import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder in which Trainyard is installed: the nearest above this file that has a package.json, built or from source. */
export function installationFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`there is no package.json above ${__dirname}; the installation is incomplete`);
    folder = parent;
  }
  return folder;
}
