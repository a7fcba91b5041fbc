import type { Attempt } from '../../contract/run';
import type { RetryRule } from '../../contract/spec';
import { logPatternsOf } from '../../policy/match-rules';
import type { PastAttempt } from '../../policy/try-policy';
import { readLogEnd } from '../../store/log-end';
import { findPatterns } from '../../store/log-patterns';
import type { StoredRun } from '../../store/run-store';
import type { Services } from './services';

/** The attempts of a run that have ended, and what of them could not be known. */
export async function pastAttempts(
  services: Services,
  { run, attempts }: StoredRun,
  rules: readonly RetryRule[],
): Promise<{ attempts: PastAttempt[]; notes: string[] }> {
  const patterns = logPatternsOf(rules);
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
  patterns: ReturnType<typeof logPatternsOf>,
): Promise<number[]> {
  if (patterns.length === 0) return [];
  const lines = await readLogEnd(logStore, { runId, attempt });
  return findPatterns(
    patterns,
    lines.map(({ text }) => text),
  );
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
