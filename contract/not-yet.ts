import { liesIn } from './path';

/**
 * Fields of the run spec whose behaviour does not exist yet. They are refused by name, so that nobody believes that they
 * have an effect; when one comes it leaves this table for contract/spec. `[]` stands for any index.
 */
const NOT_YET: Record<string, string> = {
  secrets: 'values that need not be kept secret can go into `env`',
  artifacts: 'everything in /artifacts is kept',
};

/** What would take away the wall between a container and its host; refused for good. */
const NEVER: Record<string, string> = {
  privileged: 'a privileged container is root on its host',
  devices: 'a device of the host is a way out of the container',
  devicecgrouprules: 'a device of the host is a way out of the container',
  pid: 'namespaces of the host are closed to runs',
  pidmode: 'namespaces of the host are closed to runs',
  ipc: 'namespaces of the host are closed to runs',
  ipcmode: 'namespaces of the host are closed to runs',
  uts: 'namespaces of the host are closed to runs',
  utsmode: 'namespaces of the host are closed to runs',
  userns: 'namespaces of the host are closed to runs',
  usernsmode: 'namespaces of the host are closed to runs',
  cgroupns: 'namespaces of the host are closed to runs',
  cgroupparent: 'the limits of a run are set by its `resources`',
  hostnetwork: 'namespaces of the host are closed to runs; see `network`',
  networkmode: 'see `network`, which has what a run may have',
  capadd: 'runs have no capabilities',
  capabilities: 'runs have no capabilities',
  securityopt: 'the protections of a container cannot be loosened',
  sysctls: 'settings of the kernel are not for runs',
  groupadd: 'a run has the one group of its `user`',
  volumesfrom: 'see `mounts`',
  dockersocket: 'whoever has the socket of the Docker Engine is root on its host',
  restart: 'a container that starts again by itself could run beside the next attempt; see `policy.retries`',
};

/** Fields under the names that other tools have for them, with ours. */
const OTHER_NAMES: Record<string, string> = {
  args: 'command',
  cmd: 'command',
  entrypoint: 'command',
  environment: 'env',
  parameters: 'params',
  volumes: 'mounts',
  binds: 'mounts',
  cpu: 'resources.cpus',
  cpus: 'resources.cpus',
  mem: 'resources.memory',
  memory: 'resources.memory',
  shm: 'resources.shm',
  shmsize: 'resources.shm',
  pids: 'resources.pids',
  gpu: 'resources.gpus',
  gpus: 'resources.gpus',
  gpucount: 'resources.gpus',
  gpumodel: 'resources.gpuModel',
  gputype: 'resources.gpuModel',
  gpumemory: 'resources.gpuMemory',
  vram: 'resources.gpuMemory',
  queue: 'pool',
  partition: 'pool',
  team: 'project',
  spot: 'preemptible',
  host: 'placement.host',
  hostlabels: 'placement.labels',
  nodeselector: 'placement.labels',
  selector: 'placement.labels',
  timeout: 'policy.timeouts',
  timeouts: 'policy.timeouts',
  retries: 'policy.retries',
  retry: 'policy.retries',
  attempts: 'policy.retries.attempts',
  tags: 'labels',
  retention: 'logs.retention',
  logretention: 'logs.retention',
};

/** Why a field cannot be used: refused for ever or not there yet. Undefined for every other field. */
export function refusalOf(path: string): string | undefined {
  const pattern = path.replace(/\[\d+\]/g, '[]');
  const key = pattern.slice(pattern.lastIndexOf('.') + 1);
  if (Object.hasOwn(NOT_YET, pattern)) return notYet(`\`${key}\``, NOT_YET[pattern]!);
  const why = neverAllowed(pattern, key);
  return why === undefined ? undefined : `\`${key}\` cannot be asked for: ${why}`;
}

/** Where a field that carries the name of another tool, or stands in the wrong place, belongs. */
export function placeOf(key: string): string | undefined {
  const plain = plainKey(key);
  return Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
}

function neverAllowed(path: string, key: string): string | undefined {
  // Parameters, variables and labels may be called what they like.
  if (['params', 'env', 'labels', 'placement.labels'].some((free) => liesIn(path, free))) return undefined;
  const plain = plainKey(key);
  return Object.hasOwn(NEVER, plain) ? NEVER[plain] : undefined;
}

function notYet(what: string, instead: string): string {
  return `${what} is not supported yet: ${instead}`;
}

function plainKey(key: string): string {
  return key.toLowerCase().replace(/[_-]/g, '');
}
