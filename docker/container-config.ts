import type { ContainerPlan } from './engine';

/**
 * What the engine is asked for to make a container as planned. What a plan does not say is the safe choice: no capability,
 * no new privileges, no swap, no device, no terminal, namespaces of its own, and no action of the engine's own accord.
 */
export function containerConfig(plan: ContainerPlan) {
  return {
    name: plan.name,
    Image: plan.image,
    ...(plan.command && { Cmd: plan.command }),
    User: plan.user,
    Env: environment(plan),
    Labels: plan.labels,
    ...(plan.networkAlias !== undefined && {
      NetworkingConfig: { EndpointsConfig: { [plan.network]: { Aliases: [plan.networkAlias] } } },
    }),
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      ...isolation(),
      ...limits(plan),
      ...deviceRequests(plan.gpus),
      NetworkMode: plan.network,
      Mounts: plan.binds.map(bindMount),
      LogConfig: logConfig(plan.log),
    },
  };
}

/**
 * `void` tells the NVIDIA runtime to leave a container alone; without it, an image can ask for every GPU there is. With GPUs
 * the same variable names them, for a runtime that goes by it and not by what the engine was asked for.
 */
function environment({ env, gpus }: ContainerPlan): string[] {
  const visible = gpus === undefined ? 'void' : gpus.ids.join(',');
  return Object.entries({ ...env, NVIDIA_VISIBLE_DEVICES: visible }).map(([name, value]) => `${name}=${value}`);
}

/** By UUID and never by number: which GPU has which number is for each start of the driver to say. */
function deviceRequests(gpus: ContainerPlan['gpus']) {
  if (gpus === undefined || gpus.runtime === 'none') return {};
  return { DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...gpus.ids], Capabilities: [['gpu']] }] };
}

function isolation() {
  return {
    // A process of its own as number 1, which passes signals on and reaps: training code is seldom made for that place.
    Init: true,
    Privileged: false,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    // The default of PidMode, an empty text, is a namespace of its own; for IpcMode it is up to the engine.
    IpcMode: 'private',
    Devices: [],
    // Both would take from us when a container runs and how long its log can be read.
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
  };
}

function limits(plan: ContainerPlan) {
  return {
    NanoCpus: Math.round(plan.cpus * 1e9),
    Memory: plan.memoryBytes,
    // The sum of memory and swap: equal to memory, there is no swap.
    MemorySwap: plan.memoryBytes,
    PidsLimit: plan.pids,
    ShmSize: plan.shmBytes,
  };
}

/** A mount, unlike the older `Binds`, fails where the source is missing and does not create it as root. */
function bindMount({ source, target, readOnly }: ContainerPlan['binds'][number]) {
  return {
    Type: 'bind' as const,
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    BindOptions: { Propagation: 'rprivate' as const },
  };
}

/** All is said, because an engine fills what is missing from its own settings, which may compress or drop. */
function logConfig({ maxSizeBytes, maxFiles }: ContainerPlan['log']) {
  return {
    Type: 'json-file',
    Config: { 'max-size': String(maxSizeBytes), 'max-file': String(maxFiles), compress: 'false', mode: 'blocking' },
  };
}
