import type { Config } from '../config/config';
import type { StartContainerInput } from '../contract/activities';
import { CONTAINER, LABELS, PROCESS_FORM, containerName } from '../contract/names';
import type { LeaseNode } from '../contract/pool';
import type { RunSpec } from '../contract/spec';
import { renderTemplates } from '../contract/template';
import { parseCpus, parseSize } from '../contract/units';
import type { ContainerPlan } from '../docker/engine';
import { gangEnv, gangNetwork } from './gang-plan';
import { amountLabels } from './container-amounts';
import type { Bind } from './mounts';
import { NetworkRefusedError } from './network-refused-error';
import type { RunPaths } from './paths';

export interface HostFacts {
  host: Pick<
    Config['host'],
    'name' | 'installation' | 'networks' | 'address' | 'containerLogSizeBytes' | 'containerLogFiles' | 'gpuRuntime'
  >;
  paths: RunPaths;
  /** The run's own mounts, resolved and allowed. */
  binds: readonly Bind[];
  /** Name of the checkpoint to go on from; null where there is none. */
  resumeFrom: string | null;
}

/**
 * What the container of an attempt shall be.
 *
 * @throws {NetworkRefusedError}
 */
export function planContainer(
  input: StartContainerInput,
  { host, paths, binds, resumeFrom }: HostFacts,
): ContainerPlan {
  const { spec, runId, attempt } = input;
  const { command, env } = renderTemplates(spec);
  return {
    name: containerName(runId, attempt),
    labels: labelsOf(input, host),
    // A process has no image; which one it is without is for people.
    image: input.asProcess ? spec.image : input.imageId,
    ...(input.asProcess && { asProcess: { engineAwaySince: input.engineAwaySince ?? 'some time ago' } }),
    ...(command && { command }),
    // The identity last: what a run writes there itself would only mislead its own code.
    env: {
      ...paramEnv(spec.params),
      ...env,
      ...identityEnv(input),
      ...checkpointEnv(spec, resumeFrom),
      ...(input.gang && gangEnv(input.gang)),
      ...(hasGpus(input) && { [CONTAINER.gpusEnv]: input.lease.gpuIds.join(',') }),
    },
    user: spec.user,
    binds: [
      ...binds,
      { source: paths.params, target: CONTAINER.paramsFile, readOnly: true },
      { source: paths.artifacts, target: CONTAINER.artifactsFolder, readOnly: false },
      ...(spec.checkpoint ? [{ source: paths.checkpoints, target: spec.checkpoint.path, readOnly: false }] : []),
    ],
    ...(input.gang ? gangNetwork(input.gang, host) : { network: network(spec.network, host.networks) }),
    ...limits(input),
    ...(hasGpus(input) && { gpus: { ids: input.lease.gpuIds, runtime: host.gpuRuntime } }),
    log: { maxSizeBytes: host.containerLogSizeBytes, maxFiles: host.containerLogFiles },
  };
}

function labelsOf(input: StartContainerInput, host: HostFacts['host']): Record<string, string> {
  const { cpus, memoryBytes } = limits(input);
  return {
    [LABELS.run]: input.runId,
    [LABELS.attempt]: String(input.attempt),
    [LABELS.epoch]: String(input.epoch),
    [LABELS.specHash]: input.specHash,
    [LABELS.host]: host.name,
    [LABELS.installation]: host.installation,
    ...(input.asProcess && { [LABELS.form]: PROCESS_FORM }),
    ...amountLabels({ cpus, memoryBytes, gpuIds: input.lease?.gpuIds ?? [] }),
  };
}

/** The nodes of a gang are one run to the program. */
function identityEnv({ runId, attempt, gang }: StartContainerInput): Record<string, string> {
  return { [CONTAINER.runEnv]: gang?.of ?? runId, [CONTAINER.attemptEnv]: String(gang?.attempt ?? attempt) };
}

function hasGpus(input: StartContainerInput): input is StartContainerInput & { lease: LeaseNode } {
  return input.lease !== undefined && input.lease.gpuIds.length > 0;
}

function paramEnv(params: RunSpec['params']): Record<string, string> {
  const entries = Object.entries(params);
  return Object.fromEntries(
    entries.map(([name, value]) => [CONTAINER.paramEnvPrefix + name.toUpperCase(), String(value)]),
  );
}

function checkpointEnv({ checkpoint }: RunSpec, resumeFrom: string | null): Record<string, string> {
  if (!checkpoint) return {};
  return {
    [CONTAINER.checkpointFolderEnv]: checkpoint.path,
    ...(resumeFrom !== null && {
      [CONTAINER.resumeEnv]: '1',
      [CONTAINER.checkpointEnv]: `${checkpoint.path}/${resumeFrom}`,
    }),
  };
}

/** `host` would be the network of the host itself, and is not for a server to allow. */
function network(asked: string, allowed: readonly string[]): string {
  if (asked === 'none') return 'none';
  if (asked === 'egress') return 'bridge';
  if (asked !== 'host' && allowed.includes(asked)) return asked;
  throw new NetworkRefusedError(
    `the network "${asked}" is not allowed on this host; use none or egress, or add it to host.networks of the server`,
  );
}

/** As leased: a rule of the policy may have changed what the spec asks for, and the pool is who counts. */
function limits({
  spec: { resources },
  lease,
}: StartContainerInput): Pick<ContainerPlan, 'cpus' | 'memoryBytes' | 'shmBytes' | 'pids'> {
  return {
    cpus: lease?.cpus ?? parseCpus(resources.cpus),
    memoryBytes: lease?.memoryBytes ?? parseSize(resources.memory),
    shmBytes: parseSize(resources.shm),
    pids: resources.pids,
  };
}
