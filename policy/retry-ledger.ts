import type { Evidence } from '../contract/evidence';
import { shorten } from '../contract/path';
import { fingerprintOf } from './evidence/fingerprint';
import { describeCause, type AttemptFacts } from './match-rules';

/** What a run has used of its budgets so far, and how far it got; plain JSON, kept by the workflow. */
export interface RetryLedger {
  /** All that ended for a cause of the run's own. */
  allUserFailures: number;
  /** Attempts since the last progress that ended for a cause of the run's own. */
  userFailures: number;
  /** Attempts that ended for a cause of the infrastructure. */
  infrastructureFailures: number;
  /** The highest step that any attempt told of. */
  bestStep: number | null;
  /** Names of the checkpoints that attempts left. */
  checkpoints: string[];
  /** What the last failure of the run's own is known by, and how often it came in a row without progress or change. */
  fingerprint: string | null;
  sameFailures: number;
}

export const EMPTY_LEDGER: RetryLedger = {
  allUserFailures: 0,
  userFailures: 0,
  infrastructureFailures: 0,
  bestStep: null,
  checkpoints: [],
  fingerprint: null,
  sameFailures: 0,
};

/** The ledger with what an attempt reached; `progress` says in words how it got further than all before it, or is null. */
export function noteProgress(
  before: RetryLedger,
  evidence: Evidence | null,
): { ledger: RetryLedger; progress: string | null } {
  if (evidence === null) return { ledger: before, progress: null };
  const { step, checkpoint } = evidence;
  const isHigher = step !== null && (before.bestStep === null || step > before.bestStep);
  const isNew = checkpoint !== null && !before.checkpoints.includes(checkpoint);
  if (!isHigher && !isNew) return { ledger: before, progress: null };
  const ledger = {
    ...before,
    bestStep: isHigher ? step : before.bestStep,
    checkpoints: isNew ? [...before.checkpoints, checkpoint] : before.checkpoints,
    userFailures: 0,
    fingerprint: null,
    sameFailures: 0,
  };
  return { ledger, progress: isNew ? `checkpoint ${shorten(checkpoint, 60)}` : `step ${step}` };
}

/** The ledger with a failure that takes from the attempts of the run. */
export function noteUserFailure(before: RetryLedger, { ending, evidence }: AttemptFacts): RetryLedger {
  const fingerprint = fingerprintOf(ending, evidence);
  const isSame = fingerprint !== null && fingerprint === before.fingerprint;
  return {
    ...before,
    allUserFailures: before.allUserFailures + 1,
    userFailures: before.userFailures + 1,
    fingerprint,
    sameFailures: isSame ? before.sameFailures + 1 : Number(fingerprint !== null),
  };
}

/** The next attempt is another one than the last, so that the same failure of it would be news. */
export function noteChange(before: RetryLedger): RetryLedger {
  return { ...before, fingerprint: null, sameFailures: 0 };
}

/** What a failure is known by, in words. */
export function describeFailure({ ending, evidence }: AttemptFacts): string {
  const { traceback = null, hint = null } = evidence ?? {};
  if (ending.reason === 'out-of-memory') return describeCause(ending);
  if (traceback !== null) return shorten(`${traceback.type}: ${traceback.message}`.replace(/\s+/g, ' '), 120);
  return hint === null ? describeCause(ending) : hint.sentence.replace(/\.$/, '');
}
