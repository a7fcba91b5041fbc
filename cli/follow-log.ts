import { setTimeout as delay } from 'node:timers/promises';

import type { Run } from '../contract/run';
import { isEndState } from '../contract/state';
import { LOG_FROM_HEADER } from '../contract/log-place';
import { DURATION_PATTERN, parseDuration, writeDuration } from '../contract/units';
import type { ApiClient, Query } from './api-client';
import { runPath } from './find-run';
import { type LogLine, logPath } from './log';
import { ASK_AGAIN_MS, createFollowPatience, isAway, type OnAway } from './patience';

/** What is asked within this time after the start of a follow is asked at the start. */
const AT_ONCE_MS = 1_000;

export interface FollowLogOptions {
  /** Filters of the log, by their names in the API. */
  query: Query;
  signal: AbortSignal;
  onAway: OnAway;
}

/**
 * The lines of a run's log as they come, until the run has ended and all is read. A server that is lost on the way is
 * asked again for a minute, from the line after the last one that came, or from where the first answer began, so that none
 * is lost or doubled.
 */
export async function* followLog(
  api: ApiClient,
  runId: string,
  { query, signal, onAway }: FollowLogOptions,
): AsyncIterable<LogLine> {
  const place = createPlace(query);
  const patience = createFollowPatience(onAway);
  const opened = (head: Headers): void => {
    patience.opened();
    place.begin(head);
  };
  for (;;) {
    try {
      // A server that is being stopped ends its answers too: only what is read after the run's end is known to be all.
      const { state } = await api.get<Run>(runPath(runId));
      const wanted = { ...place.query(), follow: true };
      for await (const line of api.stream<LogLine>(logPath(runId), wanted, signal, opened)) {
        patience.gained();
        place.take(line);
        yield line;
      }
      patience.ended();
      if (isEndState(state)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isAway(error) || !patience.outlasts()) throw error;
      await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Where a follow stands. */
interface Place {
  begin(head: Headers): void;
  take(line: LogLine): void;
  /** What the rest of the log is asked for by. */
  query(): Query;
}

function createPlace(query: Query): Place {
  const startedAtMs = Date.now();
  let from: number | null = null;
  return {
    begin: (head) => {
      const told = head.get(LOG_FROM_HEADER);
      if (told !== null) from = Number(told);
    },
    take: (line) => {
      from = line.number + 1;
    },
    query: () => {
      const since = laterSince(query, Date.now() - startedAtMs);
      if (from === null) return { ...query, since };
      // A tail, and a time that is told by how long ago it is, only say where to begin.
      return { ...query, since: isAgo(query.since) ? undefined : since, tail: undefined, from };
    },
  };
}

/**
 * A time that is told by how long ago it is, told later: so it stays the same moment. A time of this machine would not do,
 * as its clock may differ from the server's.
 */
function laterSince({ since }: Query, laterByMs: number): Query[string] {
  // At first it goes out as it was written, so that a refusal names that.
  if (laterByMs < AT_ONCE_MS || !isAgo(since)) return since;
  return writeDuration(parseDuration(since) + laterByMs);
}

function isAgo(time: Query[string]): time is string {
  return typeof time === 'string' && new RegExp(DURATION_PATTERN).test(time);
}
