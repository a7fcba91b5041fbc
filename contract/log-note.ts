/** What a note in a log says of the lines around it. */
export const LOG_NOTES = ['gap', 'split'] as const;

export type LogNote = (typeof LOG_NOTES)[number];

const BEGINNING_OF: Record<LogNote, string> = { gap: 'gap: ', split: 'the line of ' };

/**
 * Which note a line of a log is: one that whoever reads the lines around it must know of, as they are not all there, or not
 * whole. Null for what a training printed, and for the other lines of `system`, which are housekeeping.
 */
export function noteOf({ stream, text }: { stream: string; text: string }): LogNote | null {
  if (stream !== 'system') return null;
  return LOG_NOTES.find((note) => text.startsWith(BEGINNING_OF[note])) ?? null;
}

/** The text by which a line of `system` is such a note. */
export function noteText(note: LogNote, sentence: string): string {
  return BEGINNING_OF[note] + sentence;
}
