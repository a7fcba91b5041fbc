import type { LeaseStanding } from '../../contract/pool-messages';
import type { RunStanding } from '../reconcile';

/** A run that has a container on a host of a pool, and that neither waits in the pool nor holds a lease of it. */
export type LooseRun =
  | Exclude<RunStanding, { state: 'live' }>
  /** `mute`: its workflow goes on and answers nobody. */
  | { state: 'live'; lease: LeaseStanding | null | 'mute' };

/** Reports are late by less than this, and so are the clocks of hosts. */
const SETTLED_MS = 10_000;

/**
 * Whether its container holds what it was given. A run that ended or goes on in order has given its lease back only after its
 * container was gone; a report from before that may still name it.
 *
 * @param reportedMs when the host said that there is the container.
 */
export function holdsRoom(run: LooseRun, reportedMs: number): boolean {
  switch (run.state) {
    case 'live':
      return run.lease === 'mute' || (run.lease !== null && run.lease.lease !== null);
    case 'ended':
      return run.isBrokenOff === true || reportedMs - run.endedAtMs >= SETTLED_MS;
    case 'unknown':
      return true;
    default:
      return run satisfies never;
  }
}
