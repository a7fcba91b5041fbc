import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { AttemptIdentity } from '../contract/activities';
import { isMissing } from '../contract/is-missing';

/**
 * What the host notes before it asks a container to end. A worker that dies over the stop can tell nobody that it was we
 * who ended the container: its heartbeats are sent late, and die with it. The next one finds the mark.
 */
export async function markStop(dataFolder: string, attempt: AttemptIdentity): Promise<void> {
  const path = pathOf(dataFolder, attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
}

export async function isStopMarked(dataFolder: string, attempt: AttemptIdentity): Promise<boolean> {
  try {
    await stat(pathOf(dataFolder, attempt));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function forgetStop(dataFolder: string, attempt: AttemptIdentity): Promise<void> {
  await rm(pathOf(dataFolder, attempt), { force: true });
}

function pathOf(dataFolder: string, { runId, attempt, epoch }: AttemptIdentity): string {
  return resolve(dataFolder, 'stops', `${runId}.${attempt}.${epoch}`);
}
