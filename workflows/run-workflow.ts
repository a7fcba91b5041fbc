import { ApplicationFailure, CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';

import type { AdmittedRun } from '../contract/activities';
import type { EndReason } from '../contract/reason';
import type { Retries, RunSubmission } from '../contract/spec';
import { formatDuration } from '../contract/units';
import { decideNext, firstCourse, type Course } from '../policy/next-attempt';
import { describeEnding, type Ending } from '../policy/outcome';
import { runAttempt } from './attempt';
import { quickControl } from './calls';
import { reachDeadline } from './deadline';
import { failureOf, stopEnding } from './failure';
import { listen } from './listen';
import { RunLife } from './run-life';
import { sleepUnlessStopped } from './sleep';
import { staySuspended } from './suspension';
import { claimOf } from './wait-for-lease';

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
  life.lease.asksEarly();
  listen(life);

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
    const claimSince = life.lease.isWanted ? { claimSince: life.run.createdAt } : {};
    admitted = await quickControl.admitRun({ runId: life.run.id, submission, ...claimSince });
  } catch (error) {
    return failureOf(error);
  }
  life.admitted(admitted);
  if (life.lease.isWanted) {
    life.lease.askedEarly(claimOf(life, { attempt: 1, spec: admitted.spec, avoid: [] }), admitted.answer);
  }
  const clock = new CancellationScope();
  const ticking = clock.run(async () => stopAtTotal(life));
  try {
    return await attemptUntilDone(life, admitted);
  } finally {
    clock.cancel();
    await ticking;
  }
}

/** Attempt after attempt, until one succeeds or the policy says that it is enough. */
async function attemptUntilDone(life: RunLife, admitted: AdmittedRun): Promise<Ending> {
  let course = firstCourse(admitted.spec);
  for (;;) {
    const { ending, findings, host } = await runAttempt(life, admitted, course);
    life.attemptEnded(ending);
    const decision = decideNext(course, {
      ending,
      evidence: life.attempts.at(-1)?.evidence ?? null,
      matchedLogs: findings?.matchedLogs ?? [],
      host: host ?? life.attempts.at(-1)?.host ?? null,
    });
    course = decision.course;
    life.notifier.decided(decision);
    if (ending.reason === 'completed') return ending;
    if (!decision.retry) {
      if (isNews(course)) life.note(`No further attempt: ${decision.because}.`);
      return ending;
    }
    const { interrupts } = life;
    if (ending.reason === 'preempted' && interrupts.cause === null) {
      life.waits(describeEnding(ending));
    } else if (interrupts.cause === null && ending.reason !== 'suspended') {
      life.retries(
        `${describeEnding(ending)} Tries again in ${formatDuration(decision.delayMs)} (${decision.because}).`,
      );
      await sleepUnlessStopped(life, decision.delayMs);
    }
    if (interrupts.stop === null && interrupts.isSuspended) await staySuspended(life, admitted.spec, ending);
    // What nobody can prove is not said: a container on a lost host may still run.
    if (ending.reason === 'host-lost' && interrupts.stop !== null) return ending;
    if (interrupts.stop !== null) return { ...stopEnding(interrupts.stop), exitCode: ending.exitCode };
  }
}

/** Nobody wonders why there is but one attempt where nothing of the policy could have made another. */
function isNews({ spec, ledger }: Course): boolean {
  const { attempts, rules, sameFailure }: Partial<Retries> & Pick<Retries, 'attempts' | 'rules'> = spec.policy.retries;
  // Histories of specs without `sameFailure` have no such note.
  const mayBeRuled = sameFailure !== undefined && (rules.length > 0 || ledger.infrastructureFailures > 0);
  return attempts > 1 || mayBeRuled;
}

async function stopAtTotal(life: RunLife): Promise<void> {
  const { limits } = life;
  limits.goOn();
  if (!(await reachDeadline(limits.deadlineOf('total')))) return;
  life.requestStop({ reason: 'total-timeout', detail: { timeout: limits.timeouts.total } });
}

/** Says to Temporal how the run ended, so that its lists and its UI tell the same as ours. */
async function conclude(life: RunLife, ending: Ending): Promise<RunResult> {
  const message = life.run.message ?? describeEnding(ending);
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
