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

/** Of a long text, the part around a match. */
async function partWithMatch(text: string, pattern: LinePattern): Promise<string> {
  const start = await placeIn(text, pattern);
  return text.slice(start, start + MOST_SHOWN);
}

/** So long it looks for the part of a line with the match, before it shows the beginning of the line. */
const PLACE_MS = 1_000;

/**
 * Where in a long text the first part begins that has a match by itself; 0 where none has, and where it takes too long. Parts share
 * a half, so that a match has what stands before it. To tell the very place takes an engine up to a hundred times as long as to tell
 * whether there is a match.
 */
async function placeIn(text: string, pattern: LinePattern): Promise<number> {
  const deadlineMs = performance.now() + PLACE_MS;
  const last = text.length - MOST_SHOWN;
  for (let next = 0; next < last + MOST_SHOWN / 2 && performance.now() < deadlineMs; next += MOST_SHOWN / 2) {
    await nextTurn();
    const start = Math.min(next, last);
    if (await pattern.matches(text.slice(start, start + MOST_SHOWN))) return start;
  }
  return 0;
}
