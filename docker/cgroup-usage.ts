import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ContainerUsage } from './engine';

/** Where the kernel keeps what a control group has used; in version 2 both are one folder. */
export interface CgroupFolders {
  version: 1 | 2;
  memory: string;
  cpu: string;
}

/** What all processes of a control group have used together; null where the group is gone. */
export async function readCgroupUsage({ version, memory, cpu }: CgroupFolders): Promise<ContainerUsage | null> {
  const names = FILES[version];
  const [now, most, stat, kills, cpuTime] = await Promise.all([
    readOrNull(join(memory, names.now)),
    readOrNull(join(memory, names.most)),
    readOrNull(join(memory, 'memory.stat')),
    readOrNull(join(memory, names.kills)),
    readOrNull(join(cpu, names.cpu)),
  ]);
  if (now === null || stat === null) return null;
  return {
    peakMemoryBytes: withoutCache(Number(most ?? now), fileCache(stat)),
    cpuSeconds: cpuTime === null ? null : secondsIn(version, cpuTime),
    oomKills: kills === null ? null : numberIn(kills, 'oom_kill'),
  };
}

const FILES = {
  1: {
    now: 'memory.usage_in_bytes',
    most: 'memory.max_usage_in_bytes',
    kills: 'memory.oom_control',
    cpu: 'cpuacct.usage',
  },
  // Kernels before 5.19 have no `memory.peak`.
  2: { now: 'memory.current', most: 'memory.peak', kills: 'memory.events', cpu: 'cpu.stat' },
} as const;

/** Memory that was in use, when what the kernel would give back on demand does not count. */
export function withoutCache(bytes: number, cacheBytes: number): number {
  return Math.max(0, bytes - cacheBytes);
}

/** Version 1 counts the group itself apart from the groups below it, in lines that begin with `total_`. */
function fileCache(stat: string): number {
  const of = (name: string): number => numberIn(stat, `total_${name}`) ?? numberIn(stat, name) ?? 0;
  return of('inactive_file') + of('active_file');
}

function secondsIn(version: 1 | 2, text: string): number | null {
  if (version === 1) return Number(text) / 1e9;
  const microseconds = numberIn(text, 'usage_usec');
  return microseconds === null ? null : microseconds / 1e6;
}

/** The number of a line such as `oom_kill 3`; null where there is no such line. */
function numberIn(text: string, name: string): number | null {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}

/** Null where there is no such file or group any more, or where the file may not be read. */
async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EACCES' || code === 'EPERM') return null;
    throw error;
  }
}
