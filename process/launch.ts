import type { ContainerPlan } from '../docker/engine';
import { PATH } from './machine';

/** A bind of a plan, and what its source is. */
export interface LaunchBind {
  source: string;
  target: string;
  readOnly: boolean;
  isFolder: boolean;
}

export interface Launch {
  plan: Pick<ContainerPlan, 'env' | 'user' | 'network' | 'memoryBytes' | 'shmBytes' | 'gpus'> & { command: string[] };
  binds: LaunchBind[];
  /** An empty folder, over which the process's own root is mounted. */
  root: string;
  /** Where the process starts. */
  workingFolder: string;
  /** Folders of the control group that it joins; none where there is none. */
  cgroup: readonly string[];
  hasIp: boolean;
  /** A variable by which its descendants are known. */
  mark: { name: string; value: string };
}

/** What the launching itself writes `ok` to, or why it failed. */
export const LAUNCH_FD = 3;

/**
 * The program that becomes the command of a plan, step by step and without a process between: it joins the control group,
 * gets a network and mounts of its own, a root that is the host's with the binds added, and the user of the run without
 * any privilege. Descriptor 3 must be open; a failure of a step stands there, and only the command itself writes to 1 and 2.
 *
 * The variables of the run come last of all: what `LD_PRELOAD` and its like name must never be loaded while this is root.
 *
 * The root is a small file system in memory into which the folders of the host's root are bound. So what is bound beside
 * them, such as /artifacts, need not exist on the host, and leaves nothing there.
 */
export function launchCommand(launch: Launch): { file: string; args: string[] } {
  return { file: '/bin/sh', args: ['-c', join(inCgroup(launch)), 'sh', ...launch.plan.command] };
}

function inCgroup(launch: Launch): string[] {
  const { plan, cgroup } = launch;
  return [
    'exec 4>&2 2>&3',
    ...cgroup.map((folder) => `echo 0 > ${quote(`${folder}/cgroup.procs`)}`),
    // Without a group the kernel can only bound each process for itself.
    ...(cgroup.length === 0 ? [`ulimit -d ${Math.floor(plan.memoryBytes / 1024)}`] : []),
    'ulimit -c 0',
    `exec unshare --mount${plan.network === 'none' ? ' --net' : ''} -- sh -c ${quote(join(inOwnMounts(launch)))} sh "$@"`,
  ];
}

function inOwnMounts(launch: Launch): string[] {
  const { plan, binds, root, hasIp } = launch;
  return [
    ...(plan.network === 'none' && hasIp ? ['ip link set lo up'] : []),
    `root=${quote(root)}`,
    'mount -t tmpfs -o mode=755,size=1m tmpfs "$root"',
    // Else it would be bound into itself with the folder that it lies in.
    'mount --make-unbindable "$root"',
    'for entry in /*; do',
    '  if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"',
    '  elif [ -d "$entry" ]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"; fi',
    'done',
    `mount -t tmpfs -o size=${plan.shmBytes},mode=1777,nosuid,nodev shm "$root/dev/shm"`,
    ...binds.flatMap(bindSteps),
    `exec chroot "$root" sh -c ${quote(join(inOwnRoot(launch)))} sh "$@"`,
  ];
}

function bindSteps({ source, target, readOnly, isFolder }: LaunchBind): string[] {
  const at = `"$root"${quote(target)}`;
  const make = isFolder ? `mkdir -p ${at}` : `[ -e ${at} ] || { mkdir -p "$(dirname ${at})"; : > ${at}; }`;
  return [make, `mount --bind ${quote(source)} ${at}`, ...(readOnly ? [`mount -o remount,bind,ro ${at}`] : [])];
}

function inOwnRoot({ plan, workingFolder, mark }: Launch): string[] {
  const [uid, gid = uid] = plan.user.split(':');
  const privileges = '--clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all';
  const variables = { PATH, HOME: '/', ...plan.env, [mark.name]: mark.value, ...gpuVariables(plan.gpus) };
  const assignments = Object.entries(variables).map(([name, value]) => quote(`${name}=${value}`));
  return [
    `cd ${quote(workingFolder)}`,
    `echo ok >&${LAUNCH_FD}`,
    `exec setpriv --reuid=${uid} --regid=${gid} ${privileges} -- env -i ${assignments.join(' ')} "$@" 2>&4 3>&- 4>&-`,
  ];
}

/** A process sees every GPU of the host; what it was given, or that it has none, is for CUDA to keep to. */
function gpuVariables(gpus: ContainerPlan['gpus']): Record<string, string> {
  const ids = gpus?.ids.join(',') ?? '';
  return { CUDA_VISIBLE_DEVICES: ids, NVIDIA_VISIBLE_DEVICES: ids || 'void' };
}

function join(steps: readonly string[]): string {
  return ['set -e', ...steps].join('\n');
}

/** As one word of the shell, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
