import { noteText } from '../contract/log-note';
import type { NewLogLine } from '../store/log-store';
import { MAX_LINE_BYTES } from './line-assembler';

/** What Trainyard itself writes into a run's log, as lines of the stream `system`. */

/** What to write before lines that are new, where stored lines that should come before them are gone from the engine. */
export function gapNotes(gapAfter: string | null, [next]: readonly { time: string }[]): NewLogLine[] {
  if (gapAfter === null || next === undefined) return [];
  const between = `lines between ${gapAfter} and ${next.time} are missing`;
  return [gapNote(next.time, `${between}; the engine had thrown them away`)];
}

export function beginningNote(firstTime: string): NewLogLine {
  return gapNote(
    firstTime,
    `lines before ${firstTime} may be missing; when its log was first read, the engine held as much as it keeps`,
  );
}

export function removedEarlyNote(time: string): NewLogLine {
  return gapNote(time, 'the container was removed before its log was read to the end');
}

export function lostNote(time: string): NewLogLine {
  return gapNote(
    time,
    'the engine has nothing of its log of the container any more; lines that are not stored may be missing',
  );
}

export function unreadableNote(time: string): NewLogLine {
  return gapNote(time, 'the engine cannot read the rest of its log of the container');
}

/** Stands after the first part of a line that had to be cut. */
export function splitNote(time: string, stream: string): NewLogLine {
  const sentence = `${stream} above is longer than ${MAX_LINE_BYTES} bytes; it goes on in the next line of ${stream}`;
  return { time, stream: 'system', text: noteText('split', sentence) };
}

/** Now, as the log has it: nine digits of a second. */
export function logTimeNow(): string {
  return new Date().toISOString().replace('Z', '000000Z');
}

/** Lines are missing for certain, or nobody can tell that none are. */
function gapNote(time: string, sentence: string): NewLogLine {
  return { time, stream: 'system', text: noteText('gap', sentence) };
}
