import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks in a second, as `/proc` counts the time of processors on Linux. */
const TICKS_PER_SECOND = 100;

/** Process id of a child, or child's child, whose command line holds the mark; undefined where there is none. */
export function childPid(ancestor: number, mark: string): number | undefined {
  const children = pids().filter((pid) => parentOf(pid) === ancestor);
  const found = children.find((pid) => read(pid, 'cmdline').includes(mark));
  return found ?? children.map((pid) => childPid(pid, mark)).find((pid) => pid !== undefined);
}

/** Memory of a process that is in RAM now, in MiB; 0 where it has ended. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(pid, 'status'))?.[1] ?? 0) / 1024;
}

/** Time of processors that a process has used so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

/** The fields after the name of the program, which may hold spaces itself. */
function statOf(pid: number): string[] {
  const stat = read(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function pids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
