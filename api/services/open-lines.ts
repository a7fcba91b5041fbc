import { isEndState } from '../../contract/state';
import type { LogLine, LogQuery, LogStore } from '../../store/log-store';
import type { Services } from './services';

/** The lines of a log, and where whoever follows it stands, line or not. */
export interface OpenLines {
  /** Number of the line that a follow begins at; null without follow. To find it may take long, as with a tail of a rare pattern. */
  begin: Promise<number> | null;
  /**
   * Batches; the first one of a follow is empty and comes when it has begun. They fail with LogRemovedError or LogHoleError in the
   * middle, so that nobody takes half a log for all of it.
   */
  lines: AsyncIterable<LogLine[]>;
  /**
   * Number of the line to go on from, without a tail, for whoever has the lines of a follow so far; null until it has begun. Where no
   * wanted line comes it moves on from one call to the next, and is behind by no more than that.
   */
  place(): number | null;
}

export interface LinesRequest {
  runId: string;
  /** False: the lines that there are. True: also those that come until the run has ended. */
  follow: boolean;
  query: LogQuery;
  signal: AbortSignal;
}

export function openLines(services: Services, { runId, follow, query, signal }: LinesRequest): OpenLines {
  const wanted = { ...query, whole: true, signal };
  if (follow) return openFollow(services, runId, wanted);
  return { begin: null, lines: services.logStore.read(runId, wanted), place: () => null };
}

function openFollow(services: Services, runId: string, query: LogQuery & { signal: AbortSignal }): OpenLines {
  const { logStore } = services;
  const begin = findBegin(logStore, runId, query);
  // It is for whoever reads; nobody may.
  begin.catch(() => undefined);
  const place = createPlace(services, runId);
  // It moves on with each line, and told where to begin alone.
  const { tail: _tail, ...rest } = query;
  async function* lines(): AsyncGenerator<LogLine[]> {
    const from = await begin;
    place.reach(from);
    yield [];
    for await (const batch of logStore.follow(runId, { ...rest, from, ended: place.ended })) {
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
  /** See {@link OpenLines.place}. */
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
