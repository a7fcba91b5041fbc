import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isMissing } from '../contract/is-missing';
import { readCgroupUsage } from '../docker/cgroup-usage';
import type { ContainerUsage } from '../docker/engine';

/** Control groups, by which the kernel holds a process and all its descendants to limits, and counts them. */
export interface Cgroups {
  version: 1 | 2;
  /** Root of the hierarchy of each controller; in version 2 it is one for all. */
  roots: Record<Controller, string> & {
    /** Counts the time of processors in version 1, where `cpu` does not and this user may make groups of it. */
    cpuacct?: string;
  };
}

export interface Limits {
  cpus: number;
  memoryBytes: number;
  pids: number;
}

type Controller = (typeof CONTROLLERS)[number];

const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
const MOUNT = '/sys/fs/cgroup';
/** Below it lie the groups of all our processes. */
const PARENT = 'trainyard';
const CPU_TIME = 'cpuacct.usage';
const PERIOD_US = 100_000;
const LEAST_QUOTA_US = 1000;

/** The control groups that this user may make on this machine; null where it may not. Changes nothing. */
export function findCgroups(mount = MOUNT): Cgroups | null {
  if (existsSync(join(mount, 'cgroup.controllers'))) {
    const offered = readFileSync(join(mount, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (!CONTROLLERS.every((name) => offered.includes(name)) || !canWrite(mount)) return null;
    return { version: 2, roots: { memory: mount, pids: mount, cpu: mount } };
  }
  const roots = { memory: join(mount, 'memory'), pids: join(mount, 'pids'), cpu: join(mount, 'cpu') };
  const canJoin = (root: string): boolean => canWrite(join(root, 'cgroup.procs'));
  if (!Object.values(roots).every(canJoin)) return null;
  const cpuacct = join(mount, 'cpuacct');
  const isApart = !existsSync(join(roots.cpu, CPU_TIME)) && canJoin(cpuacct);
  return { version: 1, roots: isApart ? { ...roots, cpuacct } : roots };
}

/** Folders of the group of a process, made or not; joining it means writing to `cgroup.procs` in each. */
export function cgroupFolders({ roots }: Cgroups, id: string): string[] {
  return [...new Set(Object.values(roots))].map((root) => join(root, PARENT, id));
}

/** Makes the group of a process with its limits, and returns its folders. */
export function makeCgroup(cgroups: Cgroups, id: string, limits: Limits): string[] {
  const { version, roots } = cgroups;
  if (version === 2) passControllersOn(roots.memory);
  const folders = cgroupFolders(cgroups, id);
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const place = (controller: Controller): string => join(roots[controller], PARENT, id);
  writeFileSync(join(place('pids'), 'pids.max'), String(limits.pids));
  if (version === 2) limitByVersion2(place('memory'), limits);
  else limitByVersion1(place, limits);
  return folders;
}

/** What the group of a process has used; null where there is none. */
export function cgroupUsage({ version, roots }: Cgroups, id: string): Promise<ContainerUsage | null> {
  const at = (root: string): string => join(root, PARENT, id);
  return readCgroupUsage({ version, memory: at(roots.memory), cpu: at(roots.cpuacct ?? roots.cpu) });
}

/** Ids of the processes in a group; none where it is gone, as it is a moment after the last of them. */
export function cgroupMembers(folders: readonly string[]): number[] {
  const pids = folders.flatMap((folder) => readMembers(folder).split('\n').filter(Boolean).map(Number));
  return [...new Set(pids)];
}

const REMOVE_TRIES = 40;
const REMOVE_PAUSE_MS = 50;

/** Removes a group that has no processes any more; the kernel takes a moment to see that. Another may do so at once. */
export async function removeCgroup(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let tries = 1; !tryToRemove(folder, tries === REMOVE_TRIES); tries += 1) await sleep(REMOVE_PAUSE_MS);
  }
}

function readMembers(folder: string): string {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

/** False where the kernel still sees processes in it, unless this is the last try: that fails then. */
function tryToRemove(folder: string, isLast: boolean): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || isLast) throw error;
    return false;
  }
}

/** The kernel says ENODEV to one who opened a file of a group before it was removed, and reads it afterwards. */
function isGone(error: unknown): boolean {
  return isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENODEV';
}

/** In version 2 a group gets only the controllers that each group above it passes on. */
function passControllersOn(root: string): void {
  const wanted = CONTROLLERS.map((name) => `+${name}`).join(' ');
  mkdirSync(join(root, PARENT), { recursive: true });
  for (const folder of [root, join(root, PARENT)]) writeFileSync(join(folder, 'cgroup.subtree_control'), wanted);
}

function limitByVersion2(folder: string, { cpus, memoryBytes }: Limits): void {
  writeFileSync(join(folder, 'memory.max'), String(memoryBytes));
  writeIfThere(join(folder, 'memory.swap.max'), '0');
  writeFileSync(join(folder, 'cpu.max'), `${quotaOf(cpus)} ${PERIOD_US}`);
}

function limitByVersion1(place: (controller: Controller) => string, { cpus, memoryBytes }: Limits): void {
  writeFileSync(join(place('memory'), 'memory.limit_in_bytes'), String(memoryBytes));
  // The sum of memory and swap: equal to memory, there is no swap.
  writeIfThere(join(place('memory'), 'memory.memsw.limit_in_bytes'), String(memoryBytes));
  writeFileSync(join(place('cpu'), 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(place('cpu'), 'cpu.cfs_quota_us'), String(quotaOf(cpus)));
}

function quotaOf(cpus: number): number {
  return Math.max(LEAST_QUOTA_US, Math.round(cpus * PERIOD_US));
}

/** Swap is not counted on every kernel. */
function writeIfThere(file: string, text: string): void {
  if (existsSync(file)) writeFileSync(file, text);
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
