import { isEndState } from '../../contract/state';
import type { LogLine, LogQuery, LogStore } from '../../store/log-store';
import type { Services } from './services';

/** The lines of a log that there are and those that come, until its run has ended; and where that stands, line or not. */
export interface Follow {
  /** Number of the line that it begins at. To find it may take long, as with a tail of a rare pattern. */
  begin: Promise<number>;
  /** Batches; the first one is empty and comes when it has begun. */
  lines: AsyncIterable<LogLine[]>;
  /**
   * Number of the line to go on from, without a tail, for whoever has the lines so far; null until it has begun. Where no
   * wanted line comes it moves on from one call to the next, and is behind by no more than that.
   */
  place(): number | null;
}

export interface FollowOptions {
  runId: string;
  query: LogQuery;
  signal: AbortSignal;
}

export function openFollow(services: Services, { runId, query, signal }: FollowOptions): Follow {
  const { logStore } = services;
  const begin = findBegin(logStore, runId, { ...query, signal });
  // It is for whoever reads; nobody may.
  begin.catch(() => undefined);
  const place = createPlace(services, runId);
  // It moves on with each line, and told where to begin alone.
  const { tail: _tail, ...rest } = query;
  async function* lines(): AsyncGenerator<LogLine[]> {
    const from = await begin;
    place.reach(from);
    yield [];
    for await (const batch of logStore.follow(runId, { ...rest, from, ended: place.ended, signal })) {
      yield batch;
      place.reach(batch.at(-1)!.number + 1);
    }
  }
  return { begin, lines: lines(), place: place.tell };
}

/** Number of the first line that a query wants; where there is none yet, a number up to which there is none. */
async function findBegin(logStore: LogStore, runId: string, query: LogQuery): Promise<number> {
  const { from = 1, tail, since } = query;
  if (tail === undefined && since === undefined) return from;
  const size = await logStore.size(runId);
  const first = tail === 0 ? undefined : await firstBlock(logStore, runId, query);
  return first ? (first.lines[0]?.number ?? first.next) : Math.max(from, (size?.lines ?? 0) + 1);
}

async function firstBlock(
  logStore: LogStore,
  runId: string,
  query: LogQuery,
): Promise<{ lines: LogLine[]; next: number } | undefined> {
  const blocks = logStore.scan(runId, query)[Symbol.asyncIterator]();
  try {
    return ((await blocks.next()) as IteratorResult<{ lines: LogLine[]; next: number }, undefined>).value;
  } finally {
    await blocks.return?.();
  }
}

interface Place {
  /** All lines before this one have been given. */
  reach(next: number): void;
  /** See {@link Follow.place}. */
  tell(): number | null;
  /** For the store, which asks it each time that it has read all there is. */
  ended(): Promise<boolean>;
}

function createPlace({ logStore, runStore }: Services, runId: string): Place {
  let place: number | null = null;
  let isTold = false;
  /** Where the log ended when the store last asked. */
  let end: number | null = null;
  const reach = (next: number): void => {
    place = Math.max(place ?? next, next);
  };
  return {
    reach,
    tell: () => {
      isTold = true;
      return place;
    },
    ended: async () => {
      // What the log had when this was asked before has been read since.
      if (end !== null) reach(end);
      const size = isTold ? await logStore.size(runId) : null;
      end = size && size.lines + 1;
      isTold = false;
      const stored = await runStore.getRun(runId);
      return stored !== null && isEndState(stored.run.state);
    },
  };
}
