import type { DescribedLine } from '../contract/http';
import type { Io } from './io';
import { lastState } from './printable';

/** A line of a run's log, as the API streams it. */
export type LogLine = DescribedLine;

export function logPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}/logs`;
}

/** What people get of a line: the text, and with `timestamps` the time and the stream before it. */
export function formatLogLine({ time, stream, text }: LogLine, timestamps: boolean, { isTerminal }: Io): string {
  const shown = isTerminal ? lastState(text) : text;
  return timestamps ? `${time} ${stream} ${shown}\n` : `${shown}\n`;
}

/** What is said of the lines around a note; its number is that of the note, so that the place can be found where it is not seen. */
export function formatNote({ number, text }: LogLine): string {
  return `line ${number}: ${text}`;
}
