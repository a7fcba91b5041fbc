import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

import { findCgroups, type Cgroups } from './cgroups';

/** By what a local process is kept within bounds. */
export interface Means {
  /** Null: limits are those that a single process can be given. */
  cgroups: Cgroups | null;
  /** Whether a network of its own gets the loopback address that programs expect. */
  hasIp: boolean;
}

export interface Machine extends Means {
  /** Why there can be no local process here, with the mend; null where there can. */
  problem: string | null;
}

/** Where programs of the host are looked for, also by commands that are given no PATH. */
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const NEEDED = ['sh', 'setpriv', 'unshare', 'mount', 'chroot'];

/** Looks at the machine and changes nothing. */
export function examineMachine(): Machine {
  return { cgroups: findCgroups(), hasIp: isInstalled('ip'), problem: problemOf() };
}

function problemOf(): string | null {
  if (process.platform !== 'linux') return `local processes need Linux; this is ${process.platform}`;
  if (process.getuid?.() !== 0) {
    return 'local processes need a worker that is root, to give each the user of its run and a network and mounts of its own; run the worker as root, or set host.fallback to none';
  }
  const missing = NEEDED.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return null;
  return `local processes need ${missing.join(', ')}, which this machine lacks; install util-linux and coreutils`;
}

function isInstalled(tool: string): boolean {
  return PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
