import { readdirSync, readFileSync } from 'node:fs';

/** What `/proc` tells of the processes of this machine. */

/** A process, told apart from a later one that got the same id. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in clock ticks since the machine did. */
  startTicks: number;
  /** Of the machine's present life. */
  bootId: string;
}

/** Null where there is no such process, or only what is left of one until its parent asks for it. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = statOf(pid);
  return stat === null || stat.isZombie ? null : { pid, startTicks: stat.startTicks, bootId: bootId() };
}

export function isAlive({ pid, startTicks, bootId }: ProcessIdentity): boolean {
  const now = identify(pid);
  return now !== null && now.startTicks === startTicks && now.bootId === bootId;
}

/** Processes that satisfy a condition; those that are gone before they could be looked at do not. */
export function findProcesses(condition: (pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => identify(pid) !== null && condition(pid));
}

/** Whether a process was given this variable when it, or the program that it became, was started. */
export function hasVariable(pid: number, name: string, value: string): boolean {
  const environment = readOrNull(`/proc/${pid}/environ`);
  return environment !== null && `\0${environment}\0`.includes(`\0${name}=${value}\0`);
}

interface Stat {
  isZombie: boolean;
  startTicks: number;
}

/** Fields of proc_pid_stat(5), counted from the one behind the name, which may hold anything. */
const STATE = 0;
const START_TICKS = 19;

function statOf(pid: number): Stat | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE] ?? '';
  return {
    isZombie: state === 'Z' || state === 'X',
    startTicks: Number(fields[START_TICKS]),
  };
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Null where there is nothing that concerns us. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone; or one that even root may not look into, which has privileges that none of ours ever gets.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null;
    throw error;
  }
}
