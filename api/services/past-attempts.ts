import type { Attempt } from '../../contract/run';
import type { RetryRule } from '../../contract/spec';
import type { PastAttempt } from '../../policy/try-policy';
import type { StoredRun } from '../../store/run-store';
import { compilePattern } from './line-pattern';
import type { Services } from './services';

/** Lines at the end of an attempt's log that a rule looks into. */
const LAST_LINES = 1_000;

/** The attempts of a run that have ended, and what of them could not be known. */
export async function pastAttempts(
  services: Services,
  { run, attempts }: StoredRun,
  rules: readonly RetryRule[],
): Promise<{ attempts: PastAttempt[]; notes: string[] }> {
  const ended = attempts.filter(({ reason }) => reason !== null);
  const asksForLog = rules.some((rule) => logOf(rule) !== undefined);
  const removal = asksForLog ? await services.logStore.removal(run.id) : null;
  const notes =
    removal === null ? [] : [`Its log was removed on ${removal.at}; rules that look into it were taken not to fit.`];
  const past = await Promise.all(
    ended.map(async (attempt) => {
      const lines = asksForLog && removal === null ? await lastLines(services, run.id, attempt.number) : [];
      return pastOf(attempt, run.createdAt, matchedIn(lines, rules));
    }),
  );
  return { attempts: past, notes };
}

/** Indices of the rules whose `log` is found in one of the lines. */
export function matchedIn(lines: readonly string[], rules: readonly RetryRule[]): number[] {
  return rules.flatMap((rule, index) => {
    const text = logOf(rule);
    if (text === undefined) return [];
    const path = `policy.retries.rules[${index}].when.log`;
    const pattern = compilePattern(path, text, { literal: false, ignoreCase: false });
    return lines.some((line) => pattern.matches(line)) ? [index] : [];
  });
}

function logOf({ when }: RetryRule): string | undefined {
  return (when as { log?: string }).log;
}

async function lastLines({ logStore }: Services, runId: string, attempt: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const lines of logStore.read(runId, { attempt, tail: LAST_LINES })) {
    texts.push(...lines.map(({ text }) => text));
  }
  return texts;
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
