import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { AssignedHost, AssignHostInput } from '../contract/activities';
import type { Ending } from '../policy/outcome';
import { patientControl, quickControl } from './calls';
import { failureOf, isActivityTimeout, stopEnding } from './failure';
import type { RunLife } from './run-life';

export interface HostWish {
  attempt: number;
  /** False where the command is the image's own. */
  hasCommand: boolean;
}

/**
 * A host for an attempt. While there is none the run is `queued` and says why; the wait ends with the policy's
 * `queued-timeout`, or with the cause for which the run shall stop.
 */
export async function waitForHost(life: RunLife, { attempt, hasCommand }: HostWish): Promise<AssignedHost | Ending> {
  const { limits } = life;
  const input: AssignHostInput = { runId: life.run.id, attempt, hasCommand };
  for (;;) {
    if (life.interrupts.cause !== null) return stopEnding(life.interrupts.cause);
    let why: string | undefined;
    try {
      return await quickControl.assignHost(input);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.reason !== 'no-host') return failure;
      why = failure.detail.detail;
    }
    if (limits.queuedLeftMs <= 0) {
      return { reason: 'queued-timeout', exitCode: null, detail: { timeout: limits.timeouts.queued, detail: why } };
    }
    life.waits(`Waits for a host: ${why}`);
    const assigned = await askPatiently(life, input);
    if (assigned) return assigned;
  }
}

/** Null where the wait was cut short: time to look up, the deadline or another deadline, or a stop. */
async function askPatiently({ limits, interrupts }: RunLife, input: AssignHostInput): Promise<AssignedHost | null> {
  const scope = new CancellationScope({ cancellable: true, timeout: Math.max(1, limits.queuedLeftMs) });
  const asking = scope.run(async () => patientControl.assignHost(input));
  const cut = Promise.race([interrupts.requested, limits.changed()]);
  try {
    const answer = await Promise.race([asking, cut.then(() => null)]);
    if (answer === null) scope.cancel();
    return await asking;
  } catch (error) {
    if (isCancellation(error) || isActivityTimeout(error) || failureOf(error).reason === 'no-host') return null;
    throw error;
  }
}
