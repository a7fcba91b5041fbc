import { setTimeout as sleep } from 'node:timers/promises';

import { cgroupFolders, cgroupMembers } from './cgroups';
import type { Means } from './machine';
import { findProcesses, hasVariable, identify, isAlive, type ProcessIdentity } from './proc';

/** A variable that a local process and what it starts carry, by which they are found where there are no control groups. */
export const MARK = 'TRAINYARD_PROCESS_ID';

const KILL_EVERY_MS = 20;
const KILL_WITHIN_MS = 10_000;

/**
 * What is alive of a local process: all in its control group; without one, all with its mark, which a program that takes it
 * away escapes. And the command itself, which has neither at the very beginning.
 */
export function membersOf({ cgroups }: Pick<Means, 'cgroups'>, id: string, command: ProcessIdentity | null): number[] {
  const found =
    cgroups === null
      ? findProcesses((pid) => hasVariable(pid, MARK, id))
      : cgroupMembers(cgroupFolders(cgroups, id)).filter((pid) => identify(pid) !== null);
  return command !== null && isAlive(command) ? [...new Set([...found, command.pid])] : found;
}

/**
 * SIGKILL to all that is alive of a local process, until nothing is.
 *
 * @returns false where some of it did not die within 10 s, as one that waits for a broken disk does.
 */
export async function killMembers(
  means: Pick<Means, 'cgroups'>,
  id: string,
  command: ProcessIdentity | null,
): Promise<boolean> {
  const deadline = Date.now() + KILL_WITHIN_MS;
  for (;;) {
    const members = membersOf(means, id, command);
    if (members.length === 0) return true;
    if (Date.now() >= deadline) return false;
    for (const member of members) sendSignal(member, 'SIGKILL');
    await sleep(KILL_EVERY_MS);
  }
}

/** False where there is no such process any more. */
export function sendSignal(pid: number, signal: string): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
