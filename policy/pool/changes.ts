import type { Host } from './host';

/** Hosts on which something was taken or became free, one after another. */
export interface Changes {
  /** How many there were before those of the list. */
  before: number;
  hosts: Host[];
}

/** The older half is forgotten when there are more; who has not seen it looks at all hosts. */
const MOST_KEPT = 20_000;

export function noteChange(changes: Changes, host: Host): void {
  changes.hosts.push(host);
  if (changes.hosts.length < MOST_KEPT) return;
  changes.before += MOST_KEPT / 2;
  changes.hosts = changes.hosts.slice(MOST_KEPT / 2);
}

/** Hosts that have changed since so many changes; null where that is forgotten. */
export function changedSince({ before, hosts }: Changes, seen: number): ReadonlySet<Host> | null {
  return seen < before ? null : new Set(hosts.slice(seen - before));
}

export const changesSoFar = ({ before, hosts }: Changes): number => before + hosts.length;
