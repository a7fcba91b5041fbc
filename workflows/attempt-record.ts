import type { ContainerOutcome } from '../contract/activities';
import type { Attempt, Run } from '../contract/run';
import { firstFailureAfter } from '../policy/evidence/first-failure';
import { judgeEvidence } from '../policy/evidence/judge-evidence';
import { describeEnding, type Ending } from '../policy/outcome';

/** Writes into a run and its attempt how the container ended. */
export function recordContainerEnd(run: Run, attempt: Attempt, outcome: ContainerOutcome, ending: Ending): void {
  const { exitCode, finishedAt, logLines, logGaps } = outcome;
  const evidence = judgeEvidence(ending, outcome);
  Object.assign(attempt, { exitCode, endedAt: finishedAt, logLines, logGaps, evidence });
  Object.assign(run, { exitCode });
}

/**
 * Writes into a run and its attempt how that ended, whether or not it had a container.
 *
 * @param at when it ended, where no container says so.
 * @returns the ending as a sentence.
 */
export function recordAttemptEnd(run: Run, attempt: Attempt, ending: Ending, at: string): string {
  const message = describeEnding(ending);
  Object.assign(attempt, {
    ...{ reason: ending.reason, message, exitCode: ending.exitCode },
    endedAt: attempt.endedAt ?? at,
    evidence: attempt.evidence ?? judgeEvidence(ending, null),
  });
  Object.assign(run, { firstFailure: firstFailureAfter(run, ending) });
  return message;
}
