import type { HostContainer } from '../contract/host';
import { rounded, size, table } from './format';

/** Containers whose runs have no lease, with their hosts where those are named. */
export function tableOfUnleased(containers: readonly (HostContainer & { host?: string })[]): string[] {
  const isOfPool = containers.some(({ host }) => host !== undefined);
  return table(
    [...(isOfPool ? ['HOST'] : []), 'RUN', 'CPUS', 'MEMORY', 'GPUS'],
    containers.map(({ host, runId, cpus, memoryBytes, gpuIds }) => [
      ...(host === undefined ? [] : [host]),
      runId,
      rounded(cpus),
      size(memoryBytes),
      String(gpuIds.length),
    ]),
  );
}
