import { setImmediate as nextTurn } from 'node:timers/promises';

import type { LogHit, LogSearch } from '../../contract/http';
import { isRunId } from '../../contract/names';
import type { Run } from '../../contract/run';
import { untilRemoved } from '../../store/errors';
import { type LogLine, type LogQuery, ownText } from '../../store/log-store';
import type { RunQuery, RunStore } from '../../store/run-store';
import type { LinePattern } from './line-pattern';
import { describeLine } from './log-formats';
import { readSearchCursor, SEARCH_BEGINNING, type SearchPlace, writeSearchCursor } from './search-cursor';
import type { Services } from './services';

/** What one request may use up before it answers with what it has. */
export interface SearchBudget {
  hits: number;
  /** Bytes of logs, as they are when they are not compressed. */
  bytes: number;
  timeMs: number;
}

export interface LogSearchRequest {
  runs: Omit<RunQuery, 'limit' | 'cursor'>;
  lines: LogQuery;
  pattern: LinePattern;
  budget: SearchBudget;
  cursor?: string | undefined;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
}

/** Characters of a long line that a hit shows. */
const MOST_SHOWN = 4_096;

/**
 * Looks through the logs of runs, the newest first, each from its first line on, until the budget is used up. However little
 * that is, each request gets further than the one before.
 */
export async function searchLogs({ runStore, logStore }: Services, request: LogSearchRequest): Promise<LogSearch> {
  const { pattern, budget, signal } = request;
  const items: LogHit[] = [];
  const deadlineMs = performance.now() + budget.timeMs;
  const searched: LogSearch['searched'] = { runs: 0, bytes: 0, until: null };
  const answer = (stopped: LogSearch['stopped'], run: Run | null, place: SearchPlace | null): LogSearch => ({
    items,
    next: place === null ? null : writeSearchCursor(place),
    stopped,
    searched: { ...searched, until: run?.createdAt ?? null },
  });

  for await (const { run, from, after, isLast } of runsFrom(runStore, request)) {
    searched.runs += 1;
    for await (const block of untilRemoved(logStore.scan(run.id, { ...request.lines, from, signal }))) {
      searched.bytes += block.bytes;
      const taken = block.lines.slice(0, budget.hits - items.length);
      for (const line of taken) items.push(await hitOf(run, line, pattern));
      const isCut = taken.length < block.lines.length;
      const line = isCut ? taken.at(-1)!.number + 1 : block.next;
      const stopped = stopOf(items.length, searched.bytes, deadlineMs, budget);
      if (stopped !== null) return answer(stopped, run, { within: { runId: run.id, line }, after, isLast });
    }
    // Runs without a log cost time, too.
    const isOver = (signal.aborted || performance.now() >= deadlineMs) && !isLast;
    if (isOver) return answer('time', run, { within: null, after, isLast });
  }
  return answer(null, null, null);
}

interface RunToSearch {
  run: Run;
  /** Its first line that has not been searched. */
  from: number;
  /** Where the list of runs goes on after it. */
  after: string | null;
  isLast: boolean;
}

/** The runs that are left to be searched; one at a time, as a place after each of them is needed. */
async function* runsFrom(runStore: RunStore, { runs, lines, cursor }: LogSearchRequest): AsyncGenerator<RunToSearch> {
  const place = cursor === undefined ? SEARCH_BEGINNING : readSearchCursor(cursor);
  const filter = { ...runs, ...submittedBefore(runs.createdBefore, lines.until) };
  const { within } = place;
  let { after, isLast } = place;
  const begun = within !== null && isRunId(within.runId) ? await runStore.getRun(within.runId) : null;
  if (within !== null && begun !== null) yield { run: begun.run, from: within.line, after, isLast };
  while (!isLast) {
    const { items, next } = await runStore.listRuns({
      ...filter,
      ...(after === null ? {} : { cursor: after }),
      limit: 1,
    });
    const [run] = items;
    if (run === undefined) return;
    after = next;
    isLast = next === null;
    yield { run, from: 1, after, isLast };
  }
}

/** Clocks of hosts may be that far behind. */
const CLOCK_MARGIN_MS = 60_000;

/** A run has no line from before it was submitted. */
function submittedBefore(
  createdBefore: string | undefined,
  until: string | undefined,
): Pick<RunQuery, 'createdBefore'> {
  const limits = [
    ...(createdBefore === undefined ? [] : [Date.parse(createdBefore)]),
    ...(until === undefined ? [] : [Date.parse(until) + CLOCK_MARGIN_MS]),
  ];
  return limits.length === 0 ? {} : { createdBefore: new Date(Math.min(...limits)).toISOString() };
}

function stopOf(hits: number, bytes: number, deadlineMs: number, budget: SearchBudget): LogSearch['stopped'] {
  if (hits >= budget.hits) return 'hits';
  if (bytes >= budget.bytes) return 'bytes';
  return performance.now() >= deadlineMs ? 'time' : null;
}

async function hitOf(run: Run, line: LogLine, pattern: LinePattern): Promise<LogHit> {
  const { text } = line;
  const cut = text.length > MOST_SHOWN;
  const shown = ownText(cut ? await partWithMatch(text, pattern) : text);
  return {
    runId: run.id,
    runName: run.name,
    ...describeLine(line),
    time: ownText(line.time),
    text: shown,
    cut,
  };
}

async function partWithMatch(text: string, pattern: LinePattern): Promise<string> {
  // Each may take as long as to look for the pattern in all of the line.
  await nextTurn();
  const start = Math.max(0, Math.min(placeIn(text, pattern) - MOST_SHOWN / 4, text.length - MOST_SHOWN));
  return text.slice(start, start + MOST_SHOWN);
}

/**
 * About where in a long text the match is. To tell the place takes an engine up to a hundred times as long as to tell whether
 * there is a match, so this is asked of part after part, and the place of the first that has one. 0 where none has it alone.
 */
function placeIn(text: string, pattern: LinePattern): number {
  for (let start = 0; start < text.length; start += MOST_SHOWN / 2) {
    const part = text.slice(start, start + MOST_SHOWN);
    if (pattern.matches(part)) return start + Math.max(0, pattern.indexIn(part));
  }
  return 0;
}
