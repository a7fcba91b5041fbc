import { gangOfNodeRunId } from '../../contract/gang';
import type { HostContainer } from '../../contract/host';
import { thousandths, type Host } from './host';

/**
 * Counts anew what containers hold on a host whose runs have no lease there: what the pool is told of is known some seconds
 * later than the leases are, and nothing is counted twice.
 *
 * @returns ids of the GPUs of containers that were counted before or are now, but not both.
 */
export function recountUnleased(host: Host): string[] {
  const { unleased: before, held, facts } = host;
  if (before.length === 0 && !facts.unleased?.length) return [];
  const after = (facts.unleased ?? []).filter(
    ({ runId }) => !held.has(runId) && !held.has(gangOfNodeRunId(runId) ?? ''),
  );
  host.usedCpus += sumOf(after, cpusOf) - sumOf(before, cpusOf);
  host.usedMemory += sumOf(after, memoryOf) - sumOf(before, memoryOf);
  host.unleased = after;
  const changed = [
    ...before.filter((each) => !after.includes(each)),
    ...after.filter((each) => !before.includes(each)),
  ];
  return changed.flatMap(({ gpuIds }) => gpuIds);
}

export function unleasedGpusOf(hosts: readonly Host[]): Set<string> {
  return new Set(hosts.flatMap(({ unleased }) => unleased.flatMap(({ gpuIds }) => gpuIds)));
}

const cpusOf = ({ cpus }: HostContainer): number => thousandths(cpus);
const memoryOf = ({ memoryBytes }: HostContainer): number => memoryBytes;

function sumOf(containers: readonly HostContainer[], amount: (container: HostContainer) => number): number {
  return containers.reduce((sum, container) => sum + amount(container), 0);
}
