import { LOG_FROM_HEADER } from '../contract/log-place';
import { DURATION_PATTERN, parseDuration, writeDuration } from '../contract/units';
import type { Query } from './api-client';
import type { LogLine } from './log';

/** What is asked within this time after the start is asked at the start. */
const AT_ONCE_MS = 1_000;

/** Where whoever reads a log stands. */
export interface Place {
  begin(head: Headers): void;
  take(line: LogLine): void;
  /** What the rest of the log is asked for by. */
  query(): Query;
}

export function createPlace(query: Query): Place {
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
