import { patched } from '@temporalio/workflow';

import type { LeaseGranted, LeaseStanding, PreemptRequest } from '../contract/pool-messages';
import { isEndState } from '../contract/state';
import { leaseOfRun } from '../policy/pool/lease-of-run';
import type { RunLife } from './run-life';

/** The pool has a lease for the run, or a claim of it, which it may want no more. */
export function hearOfLease(life: RunLife, given: LeaseGranted | undefined): void {
  if (isEndState(life.run.state) || life.lease.granted(given?.lease)) return;
  life.note('The pool had a lease or a claim that the run no longer wants; it was given back.');
}

/** Ends the attempt that has the lease, so that the run queues again; nothing where it has another or none. */
export function giveWay(life: RunLife, request: PreemptRequest | undefined): void {
  if (isEndState(life.run.state) || !isGiven(life, request?.claim)) return;
  const because = String(request?.because ?? 'the pool did not say why');
  if (!life.interrupts.endAttempt({ reason: 'preempted', detail: { detail: because } })) return;
  life.note(`The pool asks it to give its place back: ${because}.`);
}

/** The pool says it once, for a claim that it has given a lease; the run may hear of that lease only afterwards. */
function isGiven({ lease }: RunLife, claim: number | undefined): boolean {
  return lease.isHeld(claim) || (lease.isOpen(claim) && patched('early-preemption'));
}

/** What the run holds of its pool, or waits for there. */
export function standingOf(life: RunLife): LeaseStanding | null {
  return life.lease.isWanted ? life.lease.standing() : leaseOfRun(life.run, life.report().spec);
}
