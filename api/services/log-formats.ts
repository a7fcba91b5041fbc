import type { DescribedLine } from '../../contract/http';
import { noteOf } from '../../contract/log-note';
import type { LogLine } from '../../store/log-store';

/** How the lines of a log are written to a client. */
export const LOG_FORMATS = ['text', 'ndjson', 'sse'] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export const LOG_MEDIA_TYPES: Record<LogFormat, string> = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  sse: 'text/event-stream; charset=utf-8',
};

/** The format that an `Accept` header asks for; text where it leaves the choice. */
export function formatFromAccept(accept: string | undefined): LogFormat {
  const types = (accept ?? '').split(',').map((part) => part.split(';')[0]!.trim().toLowerCase());
  for (const type of types) {
    if (type === 'text/event-stream') return 'sse';
    if (type === 'application/x-ndjson' || type === 'application/ndjson') return 'ndjson';
    if (type === 'text/plain') return 'text';
  }
  return 'text';
}

/** Lines in a format; `timestamps` puts time and stream before each line of text. */
export function formatLines(lines: readonly LogLine[], format: LogFormat, timestamps: boolean): string {
  return lines.map((line) => formatLine(line, format, timestamps)).join('');
}

function formatLine(line: LogLine, format: LogFormat, timestamps: boolean): string {
  switch (format) {
    case 'text':
      return timestamps ? `${line.time} ${line.stream} ${line.text}\n` : `${markOf(line)}${line.text}\n`;
    case 'ndjson':
      return `${lineToJson(line)}\n`;
    case 'sse':
      return `id: ${line.number}\ndata: ${lineToJson(line)}\n\n`;
  }
}

/** A line as NDJSON, server-sent events and WebSockets carry it. */
export function lineToJson(line: LogLine): string {
  return JSON.stringify(describeLine(line));
}

export function describeLine({ number, time, attempt, stream, text }: LogLine): DescribedLine {
  const note = noteOf({ stream, text });
  return { number, time, attempt, stream, text, ...(note !== null && { note }) };
}

/** Bare text has no other place to say that the training did not print it. */
function markOf(line: LogLine): string {
  return noteOf(line) === null ? '' : '[trainyard] ';
}
