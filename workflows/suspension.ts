import { CancellationScope, isCancellation } from '@temporalio/workflow';

import { isEndState } from '../contract/state';
import type { RunSpec } from '../contract/spec';
import { describeEnding, type Ending } from '../policy/outcome';
import { stopEnding } from './failure';
import type { RunLife } from './run-life';
import { tellResumption } from './story';

/** Asks a run to give up its container and to wait; nothing where it does already, or has ended. */
export function requestSuspend(life: RunLife, by: string): void {
  if (life.run.gangOf !== null) {
    life.note(`A node cannot be suspended by itself, as ${by} asked; suspend its gang, ${life.run.gangOf}.`);
    return;
  }
  if (isEndState(life.run.state) || !life.interrupts.suspend({ reason: 'suspended', detail: { by } })) return;
  life.note(`Suspension was requested by ${by}.`, 'suspend-requested');
}

/** Takes a suspension back, also one that has not come to pass yet: the run then goes on with its next attempt. */
export function resume(life: RunLife, by: string): void {
  if (isEndState(life.run.state) || !life.interrupts.resume()) return;
  life.note(`The run was resumed by ${by}.`, 'resumed');
}

/**
 * Waits, without anything on any host, until somebody resumes the run, or ends it.
 *
 * @param before how the attempt before ended.
 */
export async function staySuspended(life: RunLife, spec: RunSpec, before: Ending): Promise<void> {
  const { interrupts, run } = life;
  // Only one that was lost before anybody wanted the run to wait is not proven gone, and can do no more harm.
  const gone = before.reason === 'host-lost' ? describeEnding(before) : 'Its container is gone.';
  const began =
    run.startedAt === null ? 'Nothing of it has run yet.' : `${gone} ${tellResumption(spec, life.checkpoint)}`;
  life.suspended(`Suspended by ${interrupts.suspendedBy}. ${began}`);
  await interrupts.whileSuspended();
  interrupts.attemptEnded();
  if (interrupts.stop !== null) return;
  life.waits('Goes on after it was suspended.');
  // The choice of a host is a local activity, too: of two at once, a replay may see the end of both in one turn.
  await life.recorded();
}

/**
 * What nobody can prove is not said: a run that shall be suspended and whose host was lost waits for that host to come back
 * and to remove the container. Whoever does not want to wait for it resumes the run elsewhere, or cancels it.
 *
 * @param removed resolves when the container is proven gone, however long that takes.
 * @returns `suspended` where it is; else `lost`, as it was.
 */
export async function untilProvenGone(life: RunLife, lost: Ending, removed: () => Promise<void>): Promise<Ending> {
  const { interrupts, run } = life;
  const { cause } = interrupts;
  if (!interrupts.isSuspended || interrupts.stop !== null || cause === null) return lost;
  life.awaitsProof(
    `Cannot be suspended yet: host ${run.host} is lost, and nobody can say that the container there is gone. Waits for the host; resumed, the run goes on elsewhere.`,
  );
  const scope = new CancellationScope();
  const removing = scope.run(removed).then(
    () => true,
    (error: unknown) => {
      if (isCancellation(error)) return false;
      throw error;
    },
  );
  const isGone = await Promise.race([removing, interrupts.whileSuspended().then(() => false)]);
  scope.cancel();
  await removing;
  return isGone ? stopEnding(cause) : lost;
}
