import type { Fault } from './fault';
import { CONTAINER } from './names';
import type { Checkpointing, MountSpec } from './spec';

/** Where a container has what is Trainyard's or the kernel's. */
const TAKEN_TARGETS = ['/trainyard', CONTAINER.artifactsFolder, '/proc', '/sys', '/dev'];
/** Whatever the server allows, nothing of these is ever mounted: each leads out of the container. */
const CLOSED_SOURCES = ['/proc', '/sys', '/dev', '/run', '/var/run', '/boot', '/var/lib/docker', '/var/lib/containerd'];
/** Closed themselves because a closed one lies in them; what else lies in them is for the server to allow. */
const CLOSED_ALONE = ['/', '/var', '/var/lib'];

/**
 * What can be said of mounts without looking at a disk. Whether a source lies below a root that the server allows, links
 * resolved, is found out on the host when the container starts.
 */
export function checkMounts(mounts: readonly MountSpec[]): Fault[] {
  const seen = new Map<string, number>();
  return mounts.flatMap((mount, index) => {
    const path = `mounts[${index}]`;
    const source = sourceProblem(mount.source);
    const target = targetProblem(mount.target) ?? duplicateProblem(seen, mount.target, index);
    return [
      ...(source === undefined ? [] : [{ path: `${path}.source`, message: source }]),
      ...(target === undefined ? [] : [{ path: `${path}.target`, message: target }]),
    ];
  });
}

/**
 * What can be said of the folder for checkpoints: it is a mount of Trainyard's own, and lies apart from all others.
 *
 * @param mounts only those of the right shape; one that is faulty itself is told of by {@link checkMounts}.
 */
export function checkCheckpoint(
  checkpoint: Pick<Checkpointing, 'path'> | undefined,
  mounts: readonly MountSpec[],
): Fault[] {
  if (checkpoint === undefined) return [];
  const message = targetProblem(checkpoint.path) ?? overlapProblem(plainPath(checkpoint.path), mounts);
  return message === undefined ? [] : [{ path: 'checkpoint.path', message }];
}

/** A path without doubled, trailing and single-dot parts. */
export function plainPath(path: string): string {
  return `/${segments(path).join('/')}`;
}

function sourceProblem(source: string): string | undefined {
  const form = formProblem(source);
  if (form !== undefined) return form;
  const path = plainPath(source);
  if (/(^|\/)docker\.sock$/.test(path)) {
    return 'the Docker socket cannot be asked for: whoever has it is root on its host';
  }
  const closed = CLOSED_ALONE.includes(path) ? path : CLOSED_SOURCES.find((folder) => isWithin(path, folder));
  if (closed === undefined) return undefined;
  return `${closed} cannot be asked for: it leads out of the container; mount a folder of data`;
}

function targetProblem(target: string): string | undefined {
  const form = formProblem(target);
  if (form !== undefined) return form;
  const path = plainPath(target);
  if (path === '/') return 'must not be / itself; write a folder of the container such as "/data"';
  const taken = TAKEN_TARGETS.find((folder) => isWithin(path, folder));
  if (taken === undefined) return undefined;
  return `${taken} belongs to Trainyard or the kernel; write another folder such as "/data"`;
}

function formProblem(path: string): string | undefined {
  if (segments(path).includes('..')) return 'must not contain ".."; write the path that it means';
  // Docker separates the parts of a mount with colons.
  if (path.includes(':')) return 'must not contain a colon; rename the folder or mount the one above it';
  return ['\0', '\n'].some((control) => path.includes(control)) ? 'must not contain control characters' : undefined;
}

function duplicateProblem(seen: Map<string, number>, target: string, index: number): string | undefined {
  const path = plainPath(target);
  const first = seen.get(path);
  if (first !== undefined) return `is the target of mounts[${first}] too; give each mount a folder of its own`;
  seen.set(path, index);
  return undefined;
}

/** A mount over, in or around it would hide one of the two, or lie in a folder of the host that is somebody else's. */
function overlapProblem(path: string, mounts: readonly MountSpec[]): string | undefined {
  const index = mounts.findIndex(({ target }) => {
    const other = plainPath(target);
    return isWithin(path, other) || isWithin(other, path);
  });
  if (index === -1) return undefined;
  return `overlaps mounts[${index}].target (${plainPath(mounts[index]!.target)}); write a folder that lies apart from every mount`;
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
