import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { AdmittedRun } from '../contract/activities';
import type { EndReason } from '../contract/reason';
import type { RunSubmission } from '../contract/spec';
import { isEndState } from '../contract/state';
import { formatDuration, parseDuration } from '../contract/units';
import { describeEnding, type Ending } from '../policy/outcome';
import { decideRetry, EMPTY_LEDGER } from '../policy/retry';
import { runAttempt } from './attempt';
import { quickControl } from './calls';
import { failureOf, stopEnding } from './failure';
import {
  cancelSignal,
  noteSignal,
  noticeSignal,
  reportQuery,
  resumeSignal,
  statusQuery,
  suspendSignal,
} from './messages';
import { RunLife } from './run-life';
import { cancellableSleep, sleepUnlessStopped } from './sleep';

/** What a run that succeeded returns. */
export interface RunResult {
  runId: string;
  reason: EndReason;
  message: string;
  attempts: number;
}

/**
 * One training run, from submission to its last log line. The workflow's id is the run's id.
 *
 * It returns when the run succeeded, fails with the end reason as the failure's type, and is cancelled when the run was,
 * each only after its container is gone. Messages: workflows/messages. How to start it by hand: docs/temporal.md.
 */
export async function runWorkflow(submission: RunSubmission): Promise<RunResult> {
  const life = new RunLife(submission);
  setHandler(statusQuery, () => life.status());
  setHandler(reportQuery, () => life.report());
  setHandler(cancelSignal, (request) => {
    life.requestStop({ reason: 'cancelled', detail: { by: request?.by ?? 'a signal' } });
  });
  setHandler(suspendSignal, (request) => life.requestSuspend(request?.by ?? 'a signal'));
  setHandler(resumeSignal, (request) => life.resume(request?.by ?? 'a signal'));
  setHandler(noticeSignal, (notice) => life.notices(notice));
  setHandler(noteSignal, (note) => {
    if (typeof note?.message === 'string' && !isEndState(life.run.state)) life.note(note.message);
  });
  listenForTemporalCancel(life);

  const ending = await CancellationScope.nonCancellable(async () => liveThrough(life, submission));
  return conclude(life, ending);
}

/** All of a run's life; whatever goes wrong in it ends the run with a reason. */
async function liveThrough(life: RunLife, submission: RunSubmission): Promise<Ending> {
  const ending = await endOf(life, submission);
  life.ends(ending);
  await life.recorded();
  return ending;
}

async function endOf(life: RunLife, submission: RunSubmission): Promise<Ending> {
  let admitted: AdmittedRun;
  try {
    admitted = await quickControl.admitRun({ runId: life.run.id, submission });
  } catch (error) {
    return failureOf(error);
  }
  life.admitted(admitted);
  const clock = new CancellationScope();
  const ticking = clock.run(async () => stopAtTotal(life, admitted));
  try {
    return await attemptUntilDone(life, admitted);
  } finally {
    clock.cancel();
    await ticking;
  }
}

/** Attempt after attempt, until one succeeds or the policy says that it is enough. */
async function attemptUntilDone(life: RunLife, admitted: AdmittedRun): Promise<Ending> {
  const { retries } = admitted.spec.policy;
  let ledger = EMPTY_LEDGER;
  for (;;) {
    const ending = await runAttempt(life, admitted);
    life.attemptEnded(ending);
    const decision = decideRetry(retries, ledger, ending);
    ledger = decision.ledger;
    life.notifier.decided(decision);
    if (ending.reason === 'completed') return ending;
    if (!decision.retry) {
      if (retries.attempts > 1) life.note(`No further attempt: ${decision.because}.`);
      return ending;
    }
    const { interrupts } = life;
    if (interrupts.cause === null && ending.reason !== 'suspended') {
      life.retries(
        `${describeEnding(ending)} Tries again in ${formatDuration(decision.delayMs)} (${decision.because}).`,
      );
      await sleepUnlessStopped(life, decision.delayMs);
    }
    if (interrupts.stop === null && interrupts.isSuspended) await staySuspended(life, ending);
    // What nobody can prove is not said: a container on a lost host may still run.
    if (ending.reason === 'host-lost' && interrupts.stop !== null) return ending;
    if (interrupts.stop !== null) return { ...stopEnding(interrupts.stop), exitCode: ending.exitCode };
  }
}

/** Until somebody resumes the run, or ends it. */
async function staySuspended(life: RunLife, before: Ending): Promise<void> {
  const isFenced = before.reason === 'host-lost';
  const gone = isFenced ? describeEnding(before) : 'Its container is gone.';
  life.suspended(`Suspended; goes on when it is resumed. ${gone}`);
  await life.interrupts.whileSuspended();
  life.interrupts.attemptEnded();
}

async function stopAtTotal(life: RunLife, { spec }: AdmittedRun): Promise<void> {
  const { total } = spec.policy.timeouts;
  if (await cancellableSleep(parseDuration(total))) {
    life.requestStop({ reason: 'total-timeout', detail: { timeout: total } });
  }
}

/** A cancel request of Temporal's own, from the Web UI or the CLI, means what the signal means. */
function listenForTemporalCancel(life: RunLife): void {
  CancellationScope.current().cancelRequested.catch(() => {
    life.requestStop({ reason: 'cancelled', detail: { by: 'a cancel request in Temporal' } });
  });
}

/** Says to Temporal how the run ended, so that its lists and its UI tell the same as ours. */
async function conclude(life: RunLife, ending: Ending): Promise<RunResult> {
  const message = describeEnding(ending);
  const result: RunResult = { runId: life.run.id, reason: ending.reason, message, attempts: life.run.attempt };
  if (life.run.state === 'succeeded') return result;
  if (life.run.state === 'cancelled') {
    await askTemporalToCancel();
    throw new CancelledFailure(message, [result]);
  }
  throw ApplicationFailure.nonRetryable(message, ending.reason, result);
}

/**
 * Temporal lists a workflow as Canceled only where a cancel was requested of Temporal itself; for a cancel that came as our
 * signal, an activity requests it. A workflow cannot request it of itself: the server refuses that.
 */
async function askTemporalToCancel(): Promise<void> {
  const scope = CancellationScope.current();
  if (scope.consideredCancelled) return;
  const requested = scope.cancelRequested.catch(() => {});
  const { workflowId, runId: temporalRunId } = workflowInfo();
  await CancellationScope.nonCancellable(async () => quickControl.requestTemporalCancel({ workflowId, temporalRunId }));
  await requested;
}
