import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { HostNotice, SilenceReport } from '../contract/notice';
import type { LeaseGranted, LeaseStanding, PreemptRequest } from '../contract/pool-messages';
import type { RunReport, RunStatus } from '../contract/run';
import type { RunChange } from '../contract/run-change';

/** Every signal, query and update of the runs' workflows (workflows/pool-messages has those of pools): what people and programs may send by hand. See docs/temporal.md. */

export interface CancelRequest {
  /** Who asks; shown in the run's events. */
  by?: string;
}

/** Asks a run to end: SIGTERM, the grace of its policy, SIGKILL. A second one changes nothing. */
export const cancelSignal = defineSignal<[CancelRequest?]>('cancel');

export interface SuspendRequest {
  /** Who asks; shown in the run's events. */
  by?: string;
}

/** Asks a run to give up its container, with the grace of its policy, and to wait. A second one changes nothing. */
export const suspendSignal = defineSignal<[SuspendRequest?]>('suspend');

/** Lets a suspended run go on, from its newest checkpoint; takes from no budget. Nothing for a run that is not suspended. */
export const resumeSignal = defineSignal<[SuspendRequest?]>('resume');

/** From the worker of a host: something that a person should know of a container that goes on. */
export const noticeSignal = defineSignal<[HostNotice]>('notice');

/** From the worker of a host: a container is silent for longer than the policy lets it. A second one changes nothing. */
export const silentSignal = defineSignal<[SilenceReport]>('silent');

/**
 * Changes limits and labels of a run that goes on, at once, and answers with the run as it stands then. Refused with a
 * failure of a type of {@link CHANGE_REFUSALS} whose detail is the list of faults.
 */
export const changeRunUpdate = defineUpdate<RunReport, [RunChange]>('changeRun');

/** Failure types of an update that was refused: it is not right for this run, or the run is not there yet, or no more. */
export const CHANGE_REFUSALS = ['change-refused', 'not-admitted', 'already-ended'] as const;

export type ChangeRefusal = (typeof CHANGE_REFUSALS)[number];
export interface RunNote {
  message: string;
}

/** Puts a sentence into the events of a run that has not ended, such as that a notification could not be delivered. */
export const noteSignal = defineSignal<[RunNote]>('note');

/** The run as it stands, from the workflow itself. */
export const statusQuery = defineQuery<RunStatus>('status');

/** The same with what the read model needs to catch up. */
export const reportQuery = defineQuery<RunReport>('report');

/** From the pool: the run need not wait any longer. It asks for its lease then; the signal itself gives none. */
export const leaseGrantedSignal = defineSignal<[LeaseGranted]>('leaseGranted');

/** From the pool: the attempt is to end and the run to queue again; nothing for a lease that it does not hold. */
export const preemptSignal = defineSignal<[PreemptRequest]>('preempt');

/** What the run asked of its pool last, and the lease that it holds; null where neither is so. */
export const leaseQuery = defineQuery<LeaseStanding | null>('lease');
