import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isMissing } from '../contract/is-missing';
import type { ContainerPlan, ContainerUsage } from '../docker/engine';
import type { Means } from './machine';
import type { ProcessIdentity } from './proc';

/**
 * What is known of a local process lies in a folder of its own, `<data>/processes/<host>/<id>/`, in files that are each
 * written once and whole, so that whoever looks sees a step as done or not done.
 */
export const FILES = {
  /** What it shall be; there from the beginning. */
  plan: 'plan.json',
  /** Who starts it: the one shim that was first. */
  claim: 'claim.json',
  /** It was started. */
  start: 'start.json',
  /** It has ended, and its log is complete. */
  end: 'end.json',
  /** What it printed; see process/log-format. */
  log: 'log',
  /** What the shim itself has to say, where it fails. */
  shimLog: 'shim.log',
  /** Where the process's own root is mounted, in its own mount namespace only. */
  root: 'root',
} as const;

export interface ProcessPlan extends Omit<ContainerPlan, 'command'> {
  id: string;
  command: string[];
  createdAt: string;
  /** Of the machine when it was made; what holds it then, holds it to its end. */
  means: Means;
  /** See `ContainerInfo.preamble`. */
  preamble: string[];
}

export interface ProcessClaim {
  shim: ProcessIdentity;
  claimedAt: string;
}

export interface ProcessStart {
  /** Null where it had ended at once, or its start failed. */
  command: ProcessIdentity | null;
  startedAt: string;
}

export interface ProcessEnd {
  exitCode: number;
  oomKilled: boolean;
  /** Why it could not be started, or that nobody knows how it ended; empty otherwise. */
  error: string;
  /** True where its shim was killed, so that how it ended is not known, and the end of its log may be missing. */
  isLost: boolean;
  /** What all of it has used; absent where nothing counted that. */
  usage?: ContainerUsage;
  finishedAt: string;
}

const ID_PREFIX = 'process-';

export function newProcessId(): string {
  return ID_PREFIX + randomUUID().replaceAll('-', '');
}

/** Containers have ids of 64 hexadecimal digits and names of our making; neither begins like this. */
export function isProcessId(id: string): boolean {
  return id.startsWith(ID_PREFIX);
}

/** Makes the folder of a process, with its plan, all at once. */
export async function createFolder(parent: string, plan: ProcessPlan): Promise<void> {
  const aside = join(parent, `.new-${plan.id}`);
  // What a plan holds of variables is nobody else's business.
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await mkdir(join(aside, FILES.root), { recursive: true, mode: 0o700 });
  await writeWhole(join(aside, FILES.plan), plan);
  await rename(aside, join(parent, plan.id));
}

/** Takes a folder away at once, and then removes it; false where there is none. */
export async function removeFolder(parent: string, id: string): Promise<boolean> {
  const aside = join(parent, `.gone-${id}-${randomUUID()}`);
  try {
    await rename(join(parent, id), aside);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await rm(aside, { recursive: true });
  return true;
}

export async function listIds(parent: string): Promise<string[]> {
  try {
    return (await readdir(parent)).filter((name) => isProcessId(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What a file holds; null where it is not there. */
export async function readWhole<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Writes a file that appears whole and survives the loss of power. */
export async function writeWhole(path: string, content: object): Promise<void> {
  await rename(await writeAside(path, content), path);
}

/** The same, for one of several that try at once: false where the file is there already, or its folder is not. */
export async function writeFirst(path: string, content: object): Promise<boolean> {
  try {
    const aside = await writeAside(path, content);
    try {
      await link(aside, path);
      return true;
    } finally {
      await rm(aside, { force: true });
    }
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function writeAside(path: string, content: object): Promise<string> {
  const aside = `${path}.${randomUUID()}.new`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await file.sync();
    return aside;
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
