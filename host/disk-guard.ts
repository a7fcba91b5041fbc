import { statfs } from 'node:fs/promises';

import type { Config } from '../config/config';
import type { HostDisk } from '../contract/host';
import { DiskFullError } from '../docker/errors';

/** Room on the disks that runs need: the engine's, with images and containers, and that of the data folder. */
export interface DiskGuard {
  /** Those that this process can look at, now. */
  look(): Promise<HostDisk[]>;
  /** Why a host with such disks takes no new containers, in half a sentence; null where it does. */
  refusal(disks: readonly HostDisk[]): string | null;
  /**
   * Before something is started or pulled. A local process needs nothing of the engine's disk.
   *
   * @throws {DiskFullError}
   */
  check(what?: { asProcess?: boolean | undefined }): Promise<void>;
}

/** What a disk has and what is left of it, in bytes; null where nobody can say. */
export type DiskUsage = Pick<HostDisk, 'freeBytes' | 'totalBytes' | 'usedPercent'>;

export interface DiskGuardDeps {
  config: { data: string; host: Pick<Config['host'], 'dockerHost' | 'disk'> };
  /** Folder of the engine; null before it has said so. */
  engineRoot: () => string | null;
  /** Default: asks the kernel. */
  usageOf?: (path: string) => Promise<DiskUsage | null>;
}

export function createDiskGuard({ config, engineRoot, usageOf = diskUsage }: DiskGuardDeps): DiskGuard {
  const { refuseAt } = config.host.disk;
  // The folder of an engine elsewhere is on a disk elsewhere.
  const isLocal = config.host.dockerHost.startsWith('unix:');
  const isFull = ({ usedPercent }: HostDisk): boolean => usedPercent >= refuseAt;

  const look = async (): Promise<HostDisk[]> => {
    const root = isLocal ? engineRoot() : null;
    const places: Pick<HostDisk, 'use' | 'path'>[] = [
      ...(root === null ? [] : [{ use: 'engine' as const, path: root }]),
      { use: 'data', path: config.data },
    ];
    const looked = await Promise.all(
      places.map(async (place) => {
        const usage = await usageOf(place.path);
        return usage === null ? [] : [{ ...place, ...usage }];
      }),
    );
    return looked.flat();
  };
  return {
    look,
    refusal: (disks) => {
      const full = disks.filter(isFull);
      if (full.length === 0) return null;
      return `has ${full.map(({ usedPercent, path }) => `a disk that is ${usedPercent} % full (${path})`).join(' and ')}`;
    },
    check: async ({ asProcess = false } = {}) => {
      const full = (await look()).find((disk) => isFull(disk) && !(asProcess && disk.use === 'engine'));
      if (full !== undefined) throw new DiskFullError(describe(full, refuseAt));
    },
  };
}

function describe({ use, path, usedPercent }: HostDisk, refuseAt: number): string {
  const mend = {
    engine: 'remove images and containers there that nobody needs (docker system df shows them)',
    data: 'free room there, such as by removing artifacts of ended runs',
  }[use];
  return `${path} is on a disk that is ${usedPercent} % full, and nothing is started from ${refuseAt} % on (host.disk.refuseAt); ${mend}`;
}

/** As df counts: what only root may use is neither free nor used. */
async function diskUsage(path: string): Promise<DiskUsage | null> {
  try {
    const { bavail, bfree, blocks, bsize } = await statfs(path);
    const used = blocks - bfree;
    const usedPercent = used + bavail === 0 ? 0 : Math.ceil((100 * used) / (used + bavail));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, usedPercent };
  } catch {
    // A folder that is not there, or not for this process to see, is what null means; whoever writes there says why.
    return null;
  }
}
