import type { Fault } from './fault';
import { CONTAINER } from './names';
import { joinPath } from './path';
import type { Resources, RunSpec } from './spec';
import { renderTemplates, unknownParams } from './template';
import { LARGEST_SIZE, parseCpus, parseRetention, parseSize } from './units';

/**
 * What a schema cannot say of a run spec. Each check is given fields of the right shape, and is left out where a field
 * that it needs is not.
 */

/** Bytes of command and environment at most, parameters filled in; the kernel takes about twice that. */
const RENDERED_LIMIT = 1_048_576;
const MIB = 1024 ** 2;
/** The largest number that a user or group can have in a container. */
const LARGEST_ID = 2 ** 31 - 1;

export function checkResources(resources: Resources): Fault[] {
  const memoryBytes = parseSize(resources.memory);
  const shmBytes = parseSize(resources.shm);
  const cpus = parseCpus(resources.cpus);
  const checks: [boolean, string, string][] = [
    [memoryBytes < 6 * MIB, 'resources.memory', `must be at least 6m; got "${resources.memory}"`],
    [memoryBytes > LARGEST_SIZE, 'resources.memory', `must be at most 64t; got "${resources.memory}"`],
    [shmBytes < MIB, 'resources.shm', `must be at least 1m; got "${resources.shm}"`],
    [shmBytes > LARGEST_SIZE, 'resources.shm', `must be at most 64t; got "${resources.shm}"`],
    [cpus < 0.01 || cpus > 1024, 'resources.cpus', `must be from 0.01 ("10m") to 1024; got "${resources.cpus}"`],
  ];
  return checks.filter(([wrong]) => wrong).map(([, path, message]) => ({ path, message }));
}

export function checkLogs({ retention }: RunSpec['logs']): Fault[] {
  if (retention === undefined || parseRetention(retention) > 0) return [];
  return [
    { path: 'logs.retention', message: `must be more than 0; got "${retention}"; write a duration such as "90d"` },
  ];
}

export function checkUser(user: string): Fault[] {
  const ids = user.split(':').map(Number);
  if (ids.includes(0)) {
    return [
      { path: 'user', message: `must not be root, user or group 0; got "${user}"; write numbers such as "1000:1000"` },
    ];
  }
  if (ids.every((id) => id <= LARGEST_ID)) return [];
  return [{ path: 'user', message: `must have numbers of at most ${LARGEST_ID}; got "${user}"` }];
}

/** A user with its group: without one Docker takes root's for a user that the image does not know. */
export function fullUser(user: string): string {
  const [id, group = id] = user.split(':').map(Number);
  return `${id}:${group}`;
}

const CLOSED_NETWORKS: Record<string, string> = {
  host: '"host" cannot be asked for: a run on the network of its host reaches everything that the host does; write "none" or "egress"',
  bridge: 'must not be Docker\'s own "bridge"; write "egress" for outgoing connections',
  default: 'must not be Docker\'s own "default"; write "egress" for outgoing connections',
};

/** Why a network cannot be had by anybody; undefined where the server decides. */
export function networkRefusal(network: unknown): string | undefined {
  if (typeof network !== 'string') return undefined;
  if (Object.hasOwn(CLOSED_NETWORKS, network)) return CLOSED_NETWORKS[network];
  return network.startsWith('container:')
    ? 'the network of another container cannot be asked for; write "none" or "egress"'
    : undefined;
}

export function checkParams(params: RunSpec['params']): Fault[] {
  const variables = new Map<string, string>();
  return Object.entries(params).flatMap(([name, value]): Fault[] => {
    const path = joinPath('params', name);
    if (hasNul(String(value))) return [{ path, message: NUL_MESSAGE }];
    const variable = name.toUpperCase();
    const other = variables.get(variable);
    variables.set(variable, name);
    if (other === undefined) return [];
    const message = `differs from \`${other}\` only in case, and both would be ${CONTAINER.paramEnvPrefix}${variable}; rename one`;
    return [{ path, message }];
  });
}

export function checkEnv(env: RunSpec['env']): Fault[] {
  return Object.entries(env).flatMap(([name, value]): Fault[] => {
    const path = joinPath('env', name);
    if (name.startsWith('TRAINYARD_'))
      return [{ path, message: 'names that start with TRAINYARD_ are kept for Trainyard' }];
    if (name === 'NVIDIA_VISIBLE_DEVICES') {
      return [{ path, message: 'is set by Trainyard: it would open the GPUs of the host to the run' }];
    }
    return hasNul(value) ? [{ path, message: NUL_MESSAGE }] : [];
  });
}

/** The command and the environment with the parameters in them. */
export function checkTemplates(spec: Pick<RunSpec, 'command' | 'env' | 'params'>): Fault[] {
  const { command = [], env, params } = spec;
  const texts: [string, string][] = [
    ...command.map((text, index): [string, string] => [`command[${index}]`, text]),
    ...Object.entries(env).map(([name, text]): [string, string] => [joinPath('env', name), text]),
  ];
  const faults = texts.flatMap(([path, text]) =>
    unknownParams(text, params).map((name) => ({
      path,
      message: `{{params.${name}}} names no parameter; add it to \`params\``,
    })),
  );
  return faults.length > 0 ? faults : checkRendered(spec);
}

function checkRendered(spec: Pick<RunSpec, 'command' | 'env' | 'params'>): Fault[] {
  const { command = [], env } = renderTemplates(spec);
  const faults: Fault[] = command
    .map((text, index) => ({ path: `command[${index}]`, message: NUL_MESSAGE, wrong: hasNul(text) }))
    .filter(({ wrong }) => wrong)
    .map(({ path, message }) => ({ path, message }));
  if (command[0]?.trim() === '') {
    faults.push({ path: 'command[0]', message: 'must not be empty; write the program to run' });
  }
  const length = [...command, ...Object.values(env)].reduce((sum, text) => sum + text.length, 0);
  if (length > RENDERED_LIMIT) {
    faults.push({
      path: '',
      message: 'command and env are larger than 1 MiB with the parameters in them; put data into files',
    });
  }
  return faults;
}

const NUL_MESSAGE = 'must not contain the character NUL';

function hasNul(text: string): boolean {
  return text.includes('\0');
}
