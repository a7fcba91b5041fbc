import type { Static } from '@sinclair/typebox';

import type { LogLineSchema } from '../contract/http';

/** A line of a run's log, as the API streams it. */
export type LogLine = Static<typeof LogLineSchema>;

export function logPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}/logs`;
}

/** What a terminal gets of a line: the text, and with `timestamps` the time and the stream before it. */
export function formatLogLine({ time, stream, text }: LogLine, timestamps: boolean): string {
  return timestamps ? `${time} ${stream} ${text}\n` : `${text}\n`;
}
