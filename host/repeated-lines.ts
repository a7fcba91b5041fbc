import type { LogLine, LogStore, LogWriter } from '../store/log-store';
import type { KnownLine } from './cut-line';

/** Stored lines that are looked at before the place of resume: lines of the other stream may come before it again. */
const LOOK_BACK_LINES = 64;

interface Attempt {
  runId: string;
  attempt: number;
}

/**
 * The stored lines that a reading of the engine's log may tell again, by the line that it tells first. Call it before anything of
 * the reading is appended.
 *
 * Mostly they are those from the place of resume on: the reading begins there, or after it. A line with an earlier time comes first
 * only where the engine does not have the place any more, and there are two reasons for that. Its clock was set back, and it has thrown
 * away what was before: then the line came later. Or it has lost the end of its log, as an engine may whose machine lost its power:
 * then the line is stored far before, and so are all that the engine has.
 */
export function repeatedLines(
  logs: LogStore,
  { runId, attempt }: Attempt,
  { resume, attemptLines }: Pick<LogWriter, 'resume' | 'attemptLines'>,
): (first: KnownLine) => AsyncGenerator<LogLine[], void, undefined> {
  const count = resume?.skip ?? attemptLines;
  const query = { attempt, tail: count + LOOK_BACK_LINES };
  return async function* (first) {
    if (count === 0) return;
    const isEarlier = resume !== null && first.time < resume.since;
    const isFarBefore = isEarlier && (await isStoredBefore(logs, { runId, attempt }, first, query));
    yield* logs.read(runId, isFarBefore ? { attempt } : query);
  };
}

/** True where a line, or a part of it, is stored before all that a query is for. */
async function isStoredBefore(
  logs: LogStore,
  { runId, attempt }: Attempt,
  line: KnownLine,
  query: { attempt: number; tail: number },
): Promise<boolean> {
  const numberOf = async (lines: AsyncIterable<LogLine[]>, isIt: (one: LogLine) => boolean): Promise<number> => {
    for await (const batch of lines) {
      const found = batch.find(isIt);
      if (found !== undefined) return found.number;
    }
    return Number.POSITIVE_INFINITY;
  };
  const isThis = ({ time, stream }: LogLine): boolean => time === line.time && stream === line.stream;
  const stored = await numberOf(logs.read(runId, { attempt, since: line.time }), isThis);
  return stored < (await numberOf(logs.read(runId, query), () => true));
}
