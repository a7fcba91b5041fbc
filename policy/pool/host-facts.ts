import type { HostContainer, HostReport } from '../../contract/host';
import type { PoolHostFacts } from '../../contract/pool';
import { processesSince, REPORT_FRESH_MS } from '../placement';
import { before } from './host';

/**
 * A host that has not reported for this long is not expected back soon. Less would take a machine that restarts (firmware and
 * file systems of a large one take minutes) for one that is lost; what runs there is decided by `policy.timeouts.unreachable`
 * of each run, not by this.
 */
export const HOST_LOST_MS = 5 * 60_000;

/**
 * What a pool may know of its hosts now, of what their workers reported last: all that takes a clock is told here. As long as
 * nothing changes for the pool, neither does what this says, so that it can be compared.
 *
 * @param reports of the hosts of one pool.
 * @param unleased by host.
 */
export function poolFactsOf(
  reports: readonly HostReport[],
  nowMs: number,
  unleased: ReadonlyMap<string, HostContainer[]> = new Map(),
): PoolHostFacts[] {
  return reports
    .map((report) => ({ ...factsOf(report, nowMs), ...unleasedOn(report, unleased) }))
    .toSorted((one, other) => before(one.name, other.name));
}

function factsOf(report: HostReport, nowMs: number): PoolHostFacts {
  const { name, cpus, memoryBytes, labels, gpus } = report;
  return {
    name,
    cpus: cpus ?? 0,
    memoryBytes: memoryBytes ?? 0,
    labels,
    gpus,
    address: report.address ?? null,
    contact: contactOf(report, nowMs),
    refuses: refusalOf(report),
    // A process must not start beside one whose lease was revoked.
    processesSince: report.reconciled === 'nothing' ? null : processesSince(report, nowMs),
  };
}

function unleasedOn(
  { name }: HostReport,
  unleased: ReadonlyMap<string, HostContainer[]>,
): Pick<PoolHostFacts, 'unleased'> {
  const containers = unleased.get(name) ?? [];
  return containers.length === 0 ? {} : { unleased: containers };
}

function contactOf({ reportedAt }: HostReport, nowMs: number): PoolHostFacts['contact'] {
  const ageMs = nowMs - Date.parse(reportedAt);
  if (ageMs <= REPORT_FRESH_MS) return 'ok';
  return ageMs <= HOST_LOST_MS ? 'unreachable' : 'lost';
}

function refusalOf({ engineReady, engineProblem, refuses }: HostReport): string | null {
  if (!engineReady) return `has a Docker Engine that does not answer${engineProblem ? ` (${engineProblem})` : ''}`;
  return refuses.length === 0 ? null : refuses.join(', and ');
}
