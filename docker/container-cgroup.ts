import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CgroupFolders } from './cgroup-usage';

const MOUNT = '/sys/fs/cgroup';

/**
 * The control groups of a container, where this process sees the kernel's files of them: it does on the engine's own machine, and
 * not from within a container or from another machine. There the process id is that of somebody else, which the path of its groups
 * tells: an engine puts the id of the container into it.
 *
 * @param pid of the first process of the container, as the engine numbers it.
 * @returns null where the files are not to be seen.
 */
export async function findContainerCgroup(pid: number, containerId: string): Promise<CgroupFolders | null> {
  const text = await cgroupsOf(pid);
  return text === null ? null : foldersIn(text, containerId, MOUNT);
}

/** The control group that limits the CPUs of a container; its files are found as those of {@link findContainerCgroup}. */
export async function findCpuCgroup(pid: number, containerId: string): Promise<CpuCgroup | null> {
  const text = await cgroupsOf(pid);
  return text === null ? null : cpuFolderIn(text, containerId, MOUNT);
}

export interface CpuCgroup {
  version: 1 | 2;
  folder: string;
}

function cgroupsOf(pid: number): Promise<string | null> {
  return readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => null);
}

/** @param text of `/proc/<pid>/cgroup`: `4:memory:/docker/<id>` in version 1, `0::/system.slice/docker-<id>.scope` in version 2. */
export function foldersIn(text: string, containerId: string, mount: string): CgroupFolders | null {
  const folder = folderFinder(text, containerId, mount);
  const [memory, cpuacct, unified] = [folder('memory'), folder('cpuacct'), folder('')];
  if (memory !== null) return { version: 1, memory, cpu: cpuacct ?? memory };
  return unified === null ? null : { version: 2, memory: unified, cpu: unified };
}

export function cpuFolderIn(text: string, containerId: string, mount: string): CpuCgroup | null {
  const folder = folderFinder(text, containerId, mount);
  const [own, unified] = [folder('cpu'), folder('')];
  if (own !== null) return { version: 1, folder: own };
  return unified === null ? null : { version: 2, folder: unified };
}

/** Finds the folder of a container's group by its controller, which has no name in version 2; null where there is none. */
function folderFinder(text: string, containerId: string, mount: string): (controller: string) => string | null {
  const paths = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'));
  }
  return (controller) => {
    const path = upTo(paths.get(controller) ?? '', containerId);
    const found = path && join(mount, controller, path);
    return found !== null && existsSync(found) ? found : null;
  };
}

/** A container may have made groups of its own below that which the engine gave it. */
function upTo(path: string, containerId: string): string | null {
  const parts = path.split('/');
  const index = parts.findIndex((part) => part.includes(containerId));
  return index === -1 ? null : parts.slice(0, index + 1).join('/');
}
