import type { LogStream, NewLogLine } from '../log-store';

/**
 * A line as it stands in a log file:
 *
 *     2026-11-24T03:42:31.123456789Z 1 stdout {"epoch":1}
 *
 * time, attempt, stream, text. A `+` after the stream says {@link NewLogLine.midLine}.
 */
export interface ParsedLine {
  time: string;
  attempt: number;
  stream: LogStream;
  midLine: boolean;
  text: string;
}

const TIME_LENGTH = '2026-11-24T03:42:31.123456789Z'.length;

/** @throws {RangeError} on a line that could not be read back. */
export function formatLine({ time, stream, text, midLine }: NewLogLine, attempt: number): string {
  if (time.length !== TIME_LENGTH || !time.endsWith('Z')) {
    throw new RangeError(`"${time}" is no time of a log line: RFC 3339, UTC, nine digits of a second`);
  }
  if (text.includes('\n')) throw new RangeError('the text of a log line holds no line end');
  return `${time} ${attempt} ${stream}${midLine === true ? '+' : ''} ${text}\n`;
}

/** Undefined where a file holds something that Trainyard did not write. */
export function parseLine(line: string): ParsedLine | undefined {
  const attemptEnd = line.indexOf(' ', TIME_LENGTH + 1);
  const streamEnd = line.indexOf(' ', attemptEnd + 1);
  if (line[TIME_LENGTH] !== ' ' || attemptEnd === -1 || streamEnd === -1) return undefined;
  const attempt = Number(line.slice(TIME_LENGTH + 1, attemptEnd));
  const midLine = line[streamEnd - 1] === '+';
  const stream = line.slice(attemptEnd + 1, midLine ? streamEnd - 1 : streamEnd);
  if (!isStream(stream) || !Number.isInteger(attempt)) return undefined;
  return { time: line.slice(0, TIME_LENGTH), attempt, stream, midLine, text: line.slice(streamEnd + 1) };
}

/** A time of the machine's clock in the form of a log line. */
export function toLogTime(time: Date): string {
  return time.toISOString().replace('Z', '000000Z');
}

function isStream(text: string): text is LogStream {
  return text === 'stdout' || text === 'stderr' || text === 'system';
}
