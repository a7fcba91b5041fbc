import type { AttemptDetail } from '../../contract/http';
import { shorten } from '../../contract/path';
import type { Attempt } from '../../contract/run';
import { untilRemoved } from '../../store/errors';
import { type LogStore, ownText } from '../../store/log-store';
import { findRun } from './find-run';
import { withSeals } from './sealed-attempts';
import type { Services } from './services';

/** Characters of a line that are shown; the log has the rest. */
const LINE_CHARACTERS = 2_000;

/**
 * The attempts of a run, each with the last lines of its log as they are now: none, once the log was removed.
 *
 * @param count lines of each, at most.
 * @throws {ProblemError} as `findRun` does.
 */
export async function attemptsWithLines(services: Services, runId: string, count: number): Promise<AttemptDetail[]> {
  const found = await findRun(services, runId);
  const attempts = await withSeals(services.logStore, runId, found.attempts);
  const shown: AttemptDetail[] = [];
  // One after the other: each may have to go far back in the same log.
  for (const attempt of attempts) {
    shown.push({ ...attempt, lastLines: await lastLines(services.logStore, runId, { attempt, count }) });
  }
  return shown;
}

async function lastLines(
  logs: LogStore,
  runId: string,
  { attempt, count }: { attempt: Attempt; count: number },
): Promise<string[]> {
  if (count === 0 || attempt.containerId === null) return [];
  const last: string[] = [];
  for await (const lines of untilRemoved(logs.read(runId, { attempt: attempt.number, tail: count }))) {
    last.push(...lines.map(({ text }) => ownText(shorten(text, LINE_CHARACTERS))));
  }
  // The log may have grown since its end was looked for.
  return last.slice(-count);
}
