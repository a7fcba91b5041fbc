import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { fail, type Finding, messageOf, ok, warn } from './finding';

const NODE_WANTED = [20, 19] as const;
const GIB = 1024 ** 3;
const SCARCE_BYTES = 10 * GIB;
const TOO_FEW_BYTES = GIB;

/** @param version as in `process.versions.node`. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > NODE_WANTED[0] || (major === NODE_WANTED[0] && minor >= NODE_WANTED[1]);
  if (isEnough) return ok('Node.js', `Version ${version}.`);
  return fail('Node.js', `Version ${version} is too old.`, `Install Node.js ${NODE_WANTED.join('.')} or later.`);
}

/** Changes nothing: a folder that is not there yet is judged by the one it would be made in. */
export function checkDataFolder(data: string): Finding {
  const folder = resolve(data);
  const present = nearestFolder(folder);
  try {
    accessSync(present, constants.W_OK | constants.X_OK);
    return ok('Data folder', `${folder} ${present === folder ? 'can be written.' : 'can be made.'}`);
  } catch (error) {
    const mend = 'Give its owner to the user that runs Trainyard, or choose another folder with --data.';
    return fail('Data folder', `${folder} cannot be written (${messageOf(error)}).`, mend);
  }
}

/** Room where a folder lies, or would lie. `use` says what it is for. */
export function checkDisk(use: string, path: string): Finding {
  const what = `Disk of ${use}`;
  try {
    const { bavail, bsize } = statfsSync(nearestFolder(resolve(path)));
    const free = bavail * bsize;
    const finding = `${(free / GIB).toFixed(1)} GiB free at ${path}.`;
    if (free < TOO_FEW_BYTES) return fail(what, finding, 'Free space there, or move it to a larger disk.');
    if (free < SCARCE_BYTES) return warn(what, finding, 'Free space there before large images or logs come.');
    return ok(what, finding);
  } catch (error) {
    return warn(what, `The room at ${path} is not known (${messageOf(error)}).`, 'Look at it with df on that machine.');
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}
