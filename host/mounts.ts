import { realpath } from 'node:fs/promises';

import type { Config } from '../config/config';
import type { MountSpec } from '../contract/spec';
import { checkMounts } from '../contract/validate-mounts';
import { isWithin } from './paths';

/** Thrown when a mount is not allowed on this host; the message names the mount and the mend. */
export class MountRefusedError extends Error {
  override readonly name = 'MountRefusedError';
}

export interface Bind {
  /** Absolute, and without links: what was checked is what is bound. */
  source: string;
  target: string;
  readOnly: boolean;
}

type HostRules = Pick<Config['host'], 'mountRoots' | 'dockerHost'>;

/**
 * The mounts of a run as they are bound. Links are resolved first, in the sources and in the allowed roots, and the
 * resolved path is what is checked and bound, so a link that is changed afterwards leads nowhere else.
 *
 * @throws {MountRefusedError}
 */
export async function resolveMounts(mounts: readonly MountSpec[], rules: HostRules): Promise<Bind[]> {
  if (mounts.length === 0) return [];
  const roots = await Promise.all(rules.mountRoots.map((root) => resolvedOrNull(root)));
  const binds: Bind[] = [];
  for (const mount of mounts) {
    const source = await resolvedOrNull(mount.source);
    if (source === null) throw refusal(mount, 'does not exist on this host; create it, or correct mounts[].source');
    const problem = await problemOf({ ...mount, source }, roots, rules);
    if (problem !== null) throw refusal(mount, problem);
    binds.push({ source, target: mount.target, readOnly: mount.readOnly });
  }
  return binds;
}

async function problemOf(mount: MountSpec, roots: (string | null)[], rules: HostRules): Promise<string | null> {
  const { source } = mount;
  // Above all roots: whoever has the socket is root on the host.
  const socket = await engineSocket(rules.dockerHost);
  if (socket !== null && isWithin(socket, source)) return 'leads to the Docker socket, which is never mounted';
  if (!roots.some((root) => root !== null && isWithin(source, root))) {
    const allowed = rules.mountRoots.length === 0 ? 'there are none' : rules.mountRoots.join(', ');
    return `leads to ${source}, which is in none of the folders that the server allows (host.mountRoots: ${allowed})`;
  }
  const [fault] = checkMounts([mount]);
  return fault?.message ?? null;
}

async function engineSocket(dockerHost: string): Promise<string | null> {
  return dockerHost.startsWith('unix://') ? resolvedOrNull(dockerHost.slice('unix://'.length)) : null;
}

/** Null where there is nothing at the path that we may see. */
async function resolvedOrNull(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'ELOOP') return null;
    throw error;
  }
}

function refusal({ source }: MountSpec, problem: string): MountRefusedError {
  return new MountRefusedError(`${source} ${problem}`);
}
