import type { Attempt } from '../../contract/run';
import type { RetryRule } from '../../contract/spec';
import type { PastAttempt } from '../../policy/try-policy';
import type { StoredRun } from '../../store/run-store';
import { matchedIn, patternsOf, type RulePattern } from './rule-patterns';
import type { Services } from './services';

/** As much of the end of an attempt's log as a host looks into when the attempt ends. */
const LAST_LINES = 1_000;
const LAST_CHARACTERS = 1024 ** 2;
const LINE_CHARACTERS = 16 * 1024;

/** The attempts of a run that have ended, and what of them could not be known. */
export async function pastAttempts(
  services: Services,
  { run, attempts }: StoredRun,
  rules: readonly RetryRule[],
): Promise<{ attempts: PastAttempt[]; notes: string[] }> {
  const patterns = patternsOf(rules);
  const removal = patterns.length > 0 ? await services.logStore.removal(run.id) : null;
  const past: PastAttempt[] = [];
  for (const attempt of attempts.filter(({ reason }) => reason !== null)) {
    const matched = removal === null ? await matchedInLog(services, run.id, attempt.number, patterns) : [];
    past.push(pastOf(attempt, run.createdAt, matched));
  }
  const notes =
    removal === null ? [] : [`Its log was removed on ${removal.at}; rules that look into it were taken not to fit.`];
  return { attempts: past, notes };
}

async function matchedInLog(
  { logStore }: Services,
  runId: string,
  attempt: number,
  patterns: readonly RulePattern[],
): Promise<number[]> {
  if (patterns.length === 0) return [];
  const texts: string[] = [];
  for await (const lines of logStore.read(runId, { attempt, tail: LAST_LINES })) {
    texts.push(...lines.map(({ text }) => text.slice(0, LINE_CHARACTERS)));
  }
  let characters = 0;
  const first = texts.findLastIndex((text) => (characters += text.length) > LAST_CHARACTERS);
  return matchedIn(texts.slice(first + 1), patterns);
}

function pastOf(attempt: Attempt, createdAt: string, matchedLogs: readonly number[]): PastAttempt {
  const { reason, exitCode, message, evidence, host, startedAt, endedAt, changes } = attempt;
  const signal = evidence?.signal ?? undefined;
  const detail = { ...(exitCode === null ? {} : { exitCode }), ...(signal === undefined ? {} : { signal }) };
  return {
    ending: { reason: reason!, exitCode, detail },
    message: message ?? '',
    evidence,
    matchedLogs,
    host,
    times: {
      startedAfterMs: startedAt === null ? null : Date.parse(startedAt) - Date.parse(createdAt),
      ranMs: startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt),
    },
    changes,
  };
}
