import { noteOf } from '../../contract/log-note';
import type { LogLine, LogQuery, LogStream } from '../log-store';
import type { NumberedBlock } from './cursor';
import { parseLine, type ParsedLine } from './line';
import { shiftLogTime, TIME_DISORDER_MS } from './log-time';
import type { Slices } from './slices';

/** A promise where a line takes long; for most it would cost more than to look. */
type Answer = boolean | Promise<boolean>;

/** What a query wants of the lines that it is shown. */
export interface Selection {
  wants(line: ParsedLine): Answer;
  /** True where the line is one of those that {@link LogQuery.tail} counts: wanted, and not only as a note. */
  counts(line: ParsedLine): Answer;
  /** True where this line, and so every later one, is too late for the query. */
  isPast(line: ParsedLine): boolean;
  /** True where it looks for a pattern, which may take long for a long line. */
  isSearch: boolean;
  /** How lines are to be decoded for it: cheaply, a character for each byte, or as the text that was printed. */
  encoding: 'latin1' | 'utf8';
}

const DEFAULT_STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

export function selectionOf(query: LogQuery): Selection {
  const { attempt, since = '', until, matches, streams = DEFAULT_STREAMS as LogStream[], notes = false } = query;
  const wanted = new Set(streams);
  const pastFrom = until === undefined ? undefined : shiftLogTime(until, TIME_DISORDER_MS);
  const fits = (line: ParsedLine): Answer =>
    (attempt === undefined || line.attempt === attempt) &&
    line.time >= since &&
    (until === undefined || line.time < until) &&
    (matches === undefined || matches(line.text));
  return {
    wants: (line) => (wanted.has(line.stream) || (notes && noteOf(line) !== null)) && fits(line),
    counts: (line) => wanted.has(line.stream) && fits(line),
    isPast: (line) =>
      pastFrom !== undefined &&
      line.time >= pastFrom &&
      // The worker's own clock may be far ahead of a log that it is catching up with.
      line.stream !== 'system' &&
      // Lines of an earlier attempt, whose host was away, may come after those of a later one.
      (line.attempt === 1 || line.attempt === attempt),
    isSearch: matches !== undefined,
    encoding: matches === undefined ? 'latin1' : 'utf8',
  };
}

export interface Selected {
  lines: LogLine[];
  /** True where no later block has a line that the query wants. */
  isPast: boolean;
}

/** The lines of a block that a query wants. */
export async function selectLines(
  { first, bytes }: NumberedBlock,
  selection: Selection,
  slices: Slices,
): Promise<Selected> {
  const selected: Selected = { lines: [], isPast: false };
  let number = first;
  await slices.begin();
  for (const text of bytes.toString('utf8', 0, bytes.length - 1).split('\n')) {
    const line = parseAnyLine(text);
    const isWanted = selection.wants(line);
    if (typeof isWanted === 'boolean' ? isWanted : await isWanted) {
      selected.lines.push({
        number,
        time: line.time,
        attempt: line.attempt,
        stream: line.stream,
        text: line.text,
      });
    }
    selected.isPast ||= selection.isPast(line);
    number += 1;
    if (slices.isOver(text.length)) await slices.next();
  }
  return selected;
}

/** A line that Trainyard did not write has a number too; it is shown among its own. */
export function parseAnyLine(text: string): ParsedLine {
  return (
    parseLine(text) ?? { time: '1970-01-01T00:00:00.000000000Z', attempt: 0, stream: 'system', midLine: false, text }
  );
}
