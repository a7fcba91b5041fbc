/** What placement knows of a host: the newest report of its worker. */
export interface HostFacts {
  name: string;
  reportedAt: string;
  engineReady: boolean;
  engineProblem: string | null;
  /** Runs on it that have not ended. */
  liveRuns: number;
}

export type Placement = { host: string } | { none: string };

/** A report older than this says nothing about now; hosts report every 5 s. */
export const REPORT_FRESH_MS = 15_000;

/**
 * Chooses the host of an attempt: of those that reported just now and whose engine answers, the one with the fewest live
 * runs, then the first by name.
 *
 * @returns `none`, with what is wrong with each host, where none can take it.
 */
export function placeRun(hosts: readonly HostFacts[], nowMs: number): Placement {
  const problems = new Map(hosts.map((host) => [host.name, problemOf(host, nowMs)]));
  const [best] = hosts
    .filter(({ name }) => problems.get(name) === null)
    .toSorted((one, other) => one.liveRuns - other.liveRuns || one.name.localeCompare(other.name));
  if (best) return { host: best.name };
  if (hosts.length === 0) return { none: 'no host worker has reported yet' };
  return { none: [...problems].map(([name, problem]) => `host ${name} ${problem}`).join('; ') };
}

function problemOf({ reportedAt, engineReady, engineProblem }: HostFacts, nowMs: number): string | null {
  const ageMs = nowMs - Date.parse(reportedAt);
  if (ageMs > REPORT_FRESH_MS) return `has not reported for ${Math.round(ageMs / 1000)} s`;
  if (!engineReady) return `has a Docker Engine that does not answer${engineProblem ? ` (${engineProblem})` : ''}`;
  return null;
}
