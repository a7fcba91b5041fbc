import { REASONS, type EndReason } from '../../contract/reason';
import { checkLog } from './check-log';
import type { Execution, Expected, Facts, RunFacts } from './facts';
import { isEndForgotten, isForgotten } from './forgotten';
import type { Violation, ViolationKind } from './violation';

export interface Verdict {
  violations: Violation[];
  /** Lines that were printed and are in the log as they should be. */
  linesKept: number;
  /**
   * Lines that the program printed and that a killed engine never wrote to its own log file: it had read them from the pipe.
   * No reader of the engine can have them.
   */
  linesLostByEngine: number;
  /** Attempts in which no container could be started. */
  vainAttempts: number;
  /** Executions that a killed engine has forgotten; see check/forgotten. */
  forgottenStarts: number;
  /** Executions of which a killed engine has forgotten how they ended, so that their run was tried again. */
  forgottenEnds: number;
}

/** Judges what chaos has left: pure, so that each kind of violation can be tried on it. */
export function check(facts: Facts): Verdict {
  const verdict: Verdict = {
    ...{ violations: [], linesKept: 0, linesLostByEngine: 0, vainAttempts: 0 },
    ...{ forgottenStarts: 0, forgottenEnds: 0 },
  };
  for (const run of facts.runs) {
    const log = checkLog(run, facts.engineDeaths);
    const known = run.executions.filter((execution) => !isForgotten(execution, run.executions, facts.engineDeaths));
    const judged = { ...run, expected: expectedOf(run, known) };
    const forgottenEnds = known.filter((execution) =>
      isEndForgotten(execution, reasonOf(run, execution), facts.engineDeaths),
    ).length;
    verdict.violations.push(...checkAcceptance(run), ...checkEnd(judged, known, forgottenEnds), ...log.violations);
    verdict.violations.push(...checkExecutions(judged, known, forgottenEnds), ...checkAloneness(run));
    verdict.linesKept += log.linesKept;
    verdict.linesLostByEngine += log.linesLostByEngine;
    verdict.vainAttempts += vainAttempts(run, known);
    verdict.forgottenStarts += run.executions.length - known.length;
    verdict.forgottenEnds += forgottenEnds;
  }
  const left = facts.left.map((what) => single('left', null, `${what} is left.`));
  const strangers = facts.strangers.map((id) => single('stranger', id, `${id} exists, and no client was told of it.`));
  const complaints = facts.complaints.map((sentence) => single('bad-answer', null, sentence));
  verdict.violations.push(...strangers, ...left, ...complaints);
  return verdict;
}

/**
 * What must become of a run when the forgotten executions are left out. The program does one thing after the other, the last of
 * which succeeds, and counts the attempts in which it ran: one that the engine has forgotten has used up what it did there.
 */
function expectedOf({ expected, executions }: RunFacts, known: readonly Execution[]): Expected {
  const { state, attempts } = expected;
  if (state !== 'succeeded' || attempts === 'any') return expected;
  const left = Math.max(1, attempts - (attemptsOf(executions).size - attemptsOf(known).size));
  return { ...expected, attempts: left, executions: left };
}

function attemptsOf(executions: readonly Execution[]): Set<number> {
  return new Set(executions.map(({ attempt }) => attempt));
}

function reasonOf({ run }: RunFacts, { attempt }: Execution): EndReason | null | undefined {
  return run?.attempts.find(({ number }) => number === attempt)?.reason;
}

function checkAcceptance({ key, ids, run }: RunFacts): Violation[] {
  const [id = null] = ids;
  if (ids.length > 1) return [single('two-ids', id, `The key ${key} was answered with ${ids.join(' and ')}.`)];
  return run === null ? [single('forgotten', id, `${id} was accepted, and the API does not know it.`)] : [];
}

const WORKFLOW_STATUS = { succeeded: 'COMPLETED', failed: 'FAILED', cancelled: 'CANCELLED' } as const;

/** @param forgottenEnds each may have cost an attempt, unless the run was to be tried again anyway. */
function checkEnd(facts: RunFacts, known: readonly Execution[], forgottenEnds: number): Violation[] {
  const { ids, kind, run, expected, workflow } = facts;
  const id = ids[0] ?? null;
  if (run === null) return [];
  const found: Violation[] = [];
  const say = (violation: ViolationKind, is: string, should: string): void => {
    found.push(single(violation, id, `${id} (${kind}) ${is} instead of ${should}; its message: ${run.message}`));
  };
  if (run.state !== expected.state || run.reason !== expected.reason) {
    say('wrong-state', `is ${run.state} (${run.reason})`, `${expected.state} (${expected.reason})`);
  }
  const attempts = run.attempt - vainAttempts(facts, known);
  const surplus = expected.attempts === 'any' ? 0 : attempts - expected.attempts;
  if (surplus < 0 || surplus > forgottenEnds) {
    say('wrong-attempts', `took ${attempts} attempts`, `${expected.attempts}`);
  }
  const status = WORKFLOW_STATUS[expected.state];
  if (workflow !== status) say('wrong-workflow', `is ${workflow ?? 'unknown'} in Temporal`, status);
  return found;
}

/**
 * Attempts in which no container could be started, as on an engine that was frozen over the start: they take from the
 * budget for the infrastructure, and nothing ran. An attempt whose program did run must not end for such a reason.
 */
function vainAttempts({ run }: RunFacts, known: readonly Execution[]): number {
  return (run?.attempts ?? []).filter(
    ({ number, reason }) =>
      reason !== null && REASONS[reason].retry === 'infrastructure' && !known.some(({ attempt }) => attempt === number),
  ).length;
}

/**
 * @param known those that the engine has not forgotten.
 * @param forgottenEnds as with {@link checkEnd}.
 */
function checkExecutions(
  { ids, kind, run, expected }: RunFacts,
  known: readonly Execution[],
  forgottenEnds: number,
): Violation[] {
  const id = ids[0] ?? null;
  const found: Violation[] = [];
  const attempts = attemptsOf(known);
  for (const attempt of attempts) {
    const ofAttempt = known.filter((execution) => execution.attempt === attempt);
    if (ofAttempt.length === 1) continue;
    const when = ofAttempt.map(({ startedAtMs }) => new Date(startedAtMs).toISOString()).join(' and ');
    found.push({
      ...single('run-twice', id, `Attempt ${attempt} of ${id} (${kind}) was started at ${when}.`),
      count: ofAttempt.length - 1,
    });
  }
  const most = (expected.executions === 'at-most-one' ? 1 : expected.executions) + forgottenEnds;
  const least = expected.executions === 'at-most-one' ? 0 : expected.executions;
  if (attempts.size < least)
    found.push(
      single(
        'not-run',
        id,
        `${id} (${kind}) ran ${attempts.size} times instead of ${least}; it took ${run?.attempt} attempts.`,
      ),
    );
  if (attempts.size > most)
    found.push(single('run-twice', id, `${id} (${kind}) ran in ${attempts.size} attempts instead of ${most}.`));
  return found;
}

function checkAloneness({ ids, kind, executions }: RunFacts): Violation[] {
  const id = ids[0] ?? null;
  return sideBySide(executions).map(({ attempt, nonce }) => {
    const which = `${attempt}-${nonce}`;
    return single('side-by-side', id, `Execution ${which} of ${id} (${kind}) began while another one was alive.`);
  });
}

/** Executions that began before the one before them had ended, by the lock that they hold or by what they wrote down. */
function sideBySide(executions: readonly Execution[]): Execution[] {
  const inOrder = executions.toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  return inOrder.filter((execution, index) => {
    const before = inOrder[index - 1];
    return !execution.alone || (before?.endedAtMs != null && execution.startedAtMs < before.endedAtMs);
  });
}

function single(kind: ViolationKind, runId: string | null, sentence: string): Violation {
  return { kind, runId, sentence, count: 1 };
}
