import type { PoolHostFacts } from '../../contract/pool';
import { processesSince, REPORT_FRESH_MS, type HostFacts } from '../placement';

/** A host that has not reported for this long is not expected back soon. */
export const HOST_LOST_MS = 5 * 60_000;

/** What the worker of a host reports, as far as a pool wants to know it. */
type Report = Omit<HostFacts, 'liveRuns'> & { cpus: number | null; memoryBytes: number | null };

/**
 * What a pool may know of its hosts now, of what their workers reported last: all that takes a clock is told here. As long as
 * nothing changes for the pool, neither does what this says, so that it can be compared.
 *
 * @param reports of the hosts of one pool.
 */
export function poolFactsOf(reports: readonly Report[], nowMs: number): PoolHostFacts[] {
  return reports.map((report) => factsOf(report, nowMs)).toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function factsOf(report: Report, nowMs: number): PoolHostFacts {
  const { name, cpus, memoryBytes, engineReady, engineProblem } = report;
  const away = `has a Docker Engine that does not answer${engineProblem ? ` (${engineProblem})` : ''}`;
  return {
    ...{ name, cpus: cpus ?? 0, memoryBytes: memoryBytes ?? 0, labels: {}, gpus: [] },
    contact: contactOf(report, nowMs),
    refuses: engineReady ? null : away,
    processesSince: processesSince(report, nowMs),
  };
}

function contactOf({ reportedAt }: Report, nowMs: number): PoolHostFacts['contact'] {
  const ageMs = nowMs - Date.parse(reportedAt);
  if (ageMs <= REPORT_FRESH_MS) return 'ok';
  return ageMs <= HOST_LOST_MS ? 'unreachable' : 'lost';
}
