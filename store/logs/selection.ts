import type { LogLine, LogQuery, LogStream } from '../log-store';
import type { NumberedBlock } from './cursor';
import { parseLine, type ParsedLine } from './line';

/** Says of a line whether a query wants it. */
export type Selection = (line: Pick<ParsedLine, 'attempt' | 'stream'>) => boolean;

const DEFAULT_STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

export function selectionOf({ attempt, streams = DEFAULT_STREAMS as LogStream[] }: LogQuery): Selection {
  const wanted = new Set(streams);
  return (line) => wanted.has(line.stream) && (attempt === undefined || line.attempt === attempt);
}

/** The lines of a block that a query wants. */
export function selectLines({ first, bytes }: NumberedBlock, isWanted: Selection): LogLine[] {
  const selected: LogLine[] = [];
  let number = first;
  for (const text of bytes.toString('utf8', 0, bytes.length - 1).split('\n')) {
    const line = parseAnyLine(text);
    if (isWanted(line)) {
      selected.push({ number, time: line.time, attempt: line.attempt, stream: line.stream, text: line.text });
    }
    number += 1;
  }
  return selected;
}

/** A line that Trainyard did not write has a number too; it is shown among its own. */
export function parseAnyLine(text: string): ParsedLine {
  return (
    parseLine(text) ?? { time: '1970-01-01T00:00:00.000000000Z', attempt: 0, stream: 'system', midLine: false, text }
  );
}
