import { setTimeout as sleep } from 'node:timers/promises';

import type { HostReport } from '../contract/host';
import { REPORT_FRESH_MS } from '../policy/placement';

/**
 * What the container of a run holds that was broken off is in no report yet where that has just been started. So its place is given to
 * nobody before each host has reported once more: one that has not done so in the time in which a report is fresh takes no runs.
 */

/** How often the reports of the hosts are looked at. */
export const LOOK_EVERY_MS = 1_000;

/** The next report of each host that makes any. */
export async function reportsAfter(
  before: readonly HostReport[],
  reportsNow: () => Promise<HostReport[]>,
  signal: AbortSignal,
): Promise<HostReport[]> {
  const untilMs = performance.now() + REPORT_FRESH_MS;
  for (;;) {
    const reports = await reportsNow();
    if (!isAnyAwaited(reports, before) || performance.now() > untilMs) return reports;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The runs that were broken off, until the hosts have reported after that was seen. */
export interface BrokenOffRuns {
  /**
   * Which of them need not be waited for any more.
   *
   * @param ids all that hold something.
   * @param reports as they are now; null where nobody can tell.
   */
  settled(ids: readonly string[], reports: readonly HostReport[] | null): string[];
}

export function createBrokenOffRuns(): BrokenOffRuns {
  let seen = new Map<string, Seen>();
  return {
    settled: (ids, reports) => {
      seen = new Map(ids.map((id) => [id, seenBy(reports, seen.get(id))]));
      return ids.filter((id) => isSettled(seen.get(id)!, reports));
    },
  };
}

interface Seen {
  /** By the clock of this process. */
  sinceMs: number;
  /** The reports of that time, or the first that there were after it. */
  reports: readonly HostReport[] | null;
}

const seenBy = (reports: readonly HostReport[] | null, before: Seen | undefined): Seen => ({
  sinceMs: before?.sinceMs ?? performance.now(),
  reports: before?.reports ?? reports,
});

function isSettled({ sinceMs, reports: before }: Seen, reports: readonly HostReport[] | null): boolean {
  if (performance.now() - sinceMs > REPORT_FRESH_MS) return true;
  return reports !== null && before !== null && !isAnyAwaited(reports, before);
}

function isAnyAwaited(reports: readonly HostReport[], before: readonly HostReport[]): boolean {
  const known = new Map(before.map(({ name, reportedAt }) => [name, reportedAt]));
  return reports.some(
    ({ name, reportedAt }) => reportedAt === known.get(name) && Date.now() - Date.parse(reportedAt) < REPORT_FRESH_MS,
  );
}
