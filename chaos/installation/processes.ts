import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** False for one that has ended, also where nobody has asked for its exit code yet. */
export function isAlive(pid: number): boolean {
  return !['Z', 'X', undefined].includes(readStat(pid)?.[0]);
}

/** Every process of the machine, its arguments separated by spaces. */
export function allProcesses(): { pid: number; parent: number; args: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).map((pid) => {
    const args = readOf(pid, 'cmdline')?.replaceAll('\0', ' ') ?? '';
    return { pid, parent: Number(readStat(pid)?.[1]), args };
  });
}

/** State and parent, and what else the kernel tells after the name of the program; undefined where it is gone. */
function readStat(pid: number): string[] | undefined {
  const stat = readOf(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

export async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(LOOK_EVERY_MS);
}

/**
 * Sends a signal to a process, or with a negative number to a whole group.
 *
 * @returns false where there is none of that number.
 */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
