import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { RunSpec } from '../contract/spec';
import type { RunPaths } from './paths';

/** Makes what the container of a run finds: its parameters, and folders that its user may write to. Idempotent. */
export async function prepareRunFiles(
  paths: RunPaths,
  { params, user, checkpoint }: Pick<RunSpec, 'params' | 'user' | 'checkpoint'>,
): Promise<void> {
  await writeParams(paths.params, params);
  for (const folder of [paths.artifacts, ...(checkpoint ? [paths.checkpoints] : [])]) {
    await mkdir(folder, { recursive: true });
    await handOver(folder, user);
  }
}

/** Removes what is needed only while there is a container; the next attempt makes it anew. What the run made stays. */
export async function removeRunFiles(paths: RunPaths): Promise<void> {
  await rm(paths.params, { force: true });
}

/** Written aside and moved into place, so that a container never finds half a file. */
async function writeParams(path: string, params: RunSpec['params']): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${randomUUID()}.new`;
  await writeFile(aside, `${JSON.stringify(params, null, 2)}\n`, { mode: 0o644 });
  await rename(aside, path);
}

/** Root gives the folder to the run's user; anybody else may only open it to all. */
async function handOver(folder: string, user: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o777);
    return;
  }
  const [uid = 0, gid = uid] = user.split(':').map(Number);
  await chown(folder, uid, gid);
}
