import { formatDuration } from '../contract/units';

/** What placement knows of a host: the newest report of its worker. */
export interface HostFacts {
  name: string;
  reportedAt: string;
  engineReady: boolean;
  engineProblem: string | null;
  /** Null while the engine answers. */
  engineAwaySince: string | null;
  /** Why it takes no new containers although its engine answers, each half a sentence; absent: it does. */
  refuses?: readonly string[];
  /** Whether the operator of the host allows local processes while its engine stays away, and after how long. */
  fallback: 'none' | 'process';
  fallbackAfterMs: number;
  /** Runs on it that have not ended. */
  liveRuns: number;
}

export type Placement =
  | { host: string; asProcess?: undefined }
  /** As a local process, without image and container. */
  | { host: string; asProcess: true; engineAwaySince: string }
  | { none: string };

/** A report older than this says nothing about now; hosts report every 5 s. */
export const REPORT_FRESH_MS = 15_000;

/** A host that was ready this long ago is waited for before a run goes back to one that it is to avoid. */
const REPORT_RECENT_MS = 60_000;

/** What a run asks of its host. */
export interface PlacementWish {
  /** False where the command is the image's own, which nobody knows without the image. */
  hasCommand: boolean;
  /** Hosts that are taken only where there is no other. */
  avoid?: readonly string[];
}

/**
 * Chooses the host of an attempt: of those that reported just now and whose engine answers, the one with the fewest live
 * runs, then the first by name. Where there is none, one that allows local processes and whose engine has been away for
 * long enough, in the same order. A host that the run avoids comes last, and only once no other was ready just before.
 *
 * @returns `none`, with what is wrong with each host, where none can take it.
 */
export function placeRun(hosts: readonly HostFacts[], nowMs: number, run: PlacementWish): Placement {
  const { avoid = [] } = run;
  const last = ({ name }: HostFacts): number => Number(avoid.includes(name));
  const byLoad = hosts.toSorted(
    (one, other) => last(one) - last(other) || one.liveRuns - other.liveRuns || one.name.localeCompare(other.name),
  );
  const ready = byLoad.find((host) => problemOf(host, nowMs) === null);
  const expected = ready && last(ready) ? byLoad.find((host) => !last(host) && wasReady(host, nowMs)) : undefined;
  if (expected) {
    return { none: `host ${expected.name} ${problemOf(expected, nowMs)}, and the run is to go elsewhere than before` };
  }
  if (ready) return { host: ready.name };
  for (const host of byLoad) {
    const engineAwaySince = run.hasCommand ? processesSince(host, nowMs) : null;
    if (engineAwaySince !== null) return { host: host.name, asProcess: true, engineAwaySince };
  }
  if (hosts.length === 0) return { none: 'no host worker has reported yet' };
  const problems = hosts.map((host) => `host ${host.name} ${problemOf(host, nowMs)}${outlook(host, run)}`);
  return { none: problems.join('; ') };
}

function problemOf({ reportedAt, engineReady, engineProblem, refuses = [] }: HostFacts, nowMs: number): string | null {
  const ageMs = nowMs - Date.parse(reportedAt);
  if (ageMs > REPORT_FRESH_MS) return `has not reported for ${Math.round(ageMs / 1000)} s`;
  if (!engineReady) return `has a Docker Engine that does not answer${engineProblem ? ` (${engineProblem})` : ''}`;
  return refuses.length === 0 ? null : refuses.join(', and ');
}

function wasReady({ reportedAt, engineReady }: HostFacts, nowMs: number): boolean {
  return engineReady && nowMs - Date.parse(reportedAt) <= REPORT_RECENT_MS;
}

/** Since when the engine has been away, where that has been for long enough; measured by the clock of the host alone. */
export function processesSince(
  host: Pick<HostFacts, 'reportedAt' | 'engineReady' | 'engineAwaySince' | 'fallback' | 'fallbackAfterMs'>,
  nowMs: number,
): string | null {
  const { reportedAt, engineReady, engineAwaySince, fallback, fallbackAfterMs } = host;
  if (fallback !== 'process' || engineReady || engineAwaySince === null) return null;
  if (nowMs - Date.parse(reportedAt) > REPORT_FRESH_MS) return null;
  return Date.parse(reportedAt) - Date.parse(engineAwaySince) >= fallbackAfterMs ? engineAwaySince : null;
}

function outlook(
  { engineReady, fallback, fallbackAfterMs }: HostFacts,
  { hasCommand }: { hasCommand: boolean },
): string {
  if (fallback !== 'process' || engineReady) return '';
  return hasCommand
    ? `, and runs commands as local processes once that has lasted ${formatDuration(fallbackAfterMs)}`
    : ', and cannot run it as a local process, because the spec has no command and that of the image is not known';
}
