import { thousandths, type Host, type Release } from './host';
import type { Held } from './state';

/**
 * When a lease ends at the latest, by the limit of its run. One whose run was asked to give way may end any moment, and so
 * may one that is past its limit: whoever compares takes the later of this and now.
 */
export function endOf({ told, grantedMs, request }: Held): number {
  return told ? 0 : grantedMs + request.limitMs;
}

/** What the leases of a host will give back, the earliest first. */
export function releasesOf(host: Host): readonly Release[] {
  host.releases ??= [...host.held.values()].map((held) => createRelease(held, host)).toSorted(byEnd);
  return host.releases;
}

/** A lease that begins there keeps the order, so that nobody has to sort. */
export function addRelease(host: Host, held: Held): void {
  const { releases } = host;
  if (!releases) return;
  const release = createRelease(held, host);
  let at = releases.length;
  while (at > 0 && byEnd(releases[at - 1]!, release) > 0) at -= 1;
  releases.splice(at, 0, release);
}

export function dropRelease({ releases }: Host, held: Held): void {
  const at = releases?.findIndex((release) => release.held === held) ?? -1;
  if (at >= 0) releases!.splice(at, 1);
}

const byEnd = (one: Release, other: Release): number => one.untilMs - other.untilMs;

function createRelease(held: Held, host: Host): Release {
  const release: Release = { held, cpus: 0, memory: 0, gpus: [], untilMs: endOf(held) };
  for (const node of held.lease.nodes) {
    if (node.host !== host.name) continue;
    release.cpus += thousandths(node.cpus);
    release.memory += node.memoryBytes;
    for (const id of node.gpuIds) {
      const gpu = host.usable.get(id);
      if (gpu) release.gpus.push(gpu);
    }
  }
  return release;
}
