import type { AttemptIdentity } from '../contract/activities';
import type { Ending } from '../policy/outcome';
import type { HostCalls } from './calls';
import { isHostSilent } from './failure';
import type { RunLife } from './run-life';

/**
 * The host of an attempt as the workflow reaches it. A host that does not answer is no failure: the run is `unreachable`
 * until the host is back, or until the policy's time for that is over; then its lease is revoked, and the host is lost to
 * this attempt for good.
 */
export interface HostLink {
  readonly calls: HostCalls;
  /**
   * Makes a call, and makes it again each time that the host was silent and is back; `again` tells it which it is.
   *
   * @throws {HostLostError} once the host is lost.
   */
  insist<T>(call: (calls: HostCalls, again: boolean) => Promise<T>): Promise<T>;
  /** Takes the lease from a host that there is no need to wait for: nothing of the attempt runs any more. */
  giveUp(): void;
}

/** @param limit how long the host may be unreachable, as the policy writes it. */
export function createHostLink(life: RunLife, identity: AttemptIdentity, calls: HostCalls, limit: string): HostLink {
  let reaching: Promise<void> | null = null;
  let isLost = false;

  const giveUp = (): void => {
    if (isLost) return;
    isLost = true;
    life.revokesLease();
  };

  const reach = async (): Promise<void> => {
    life.losesSight(limit);
    try {
      await calls.reachHost(identity);
      life.findsAgain();
    } catch {
      // Temporal tries it until the time is over, whatever it fails with.
      giveUp();
    } finally {
      reaching = null;
    }
  };

  const insist: HostLink['insist'] = async (call) => {
    for (let again = false; ; again = true) {
      if (isLost) throw new HostLostError(limit, life);
      try {
        return await call(calls, again);
      } catch (error) {
        if (!isHostSilent(error)) throw error;
      }
      // Several calls may find out at once; one wait is for all of them.
      await (reaching ??= reach());
    }
  };

  return { calls, insist, giveUp };
}

/** Thrown when the host of an attempt has been unreachable for too long; what may be left of the attempt is fenced. */
export class HostLostError extends Error {
  override readonly name = 'HostLostError';
  readonly ending: Ending;

  constructor(limit: string, { interrupts }: RunLife) {
    super(`the host did not answer for ${limit}`);
    const detail =
      interrupts.cause === null ? '' : 'The run was to be stopped, and nobody can say yet that its container is gone.';
    this.ending = { reason: 'host-lost', exitCode: null, detail: { timeout: limit, detail } };
  }
}
