import { noteOf } from '../contract/log-note';
import { LOG_STREAMS } from '../contract/log-streams';
import type { LogStore, LogWriter, NewLogLine, Seal } from '../store/log-store';
import { gapNotes } from './log-notes';
import { createResumeSkip } from './resume-skip';
import { NOTHING_COUNTED, sealLog } from './seal-log';

/**
 * Brings what is not stored yet of the copy of an attempt's log through the writer of the attempt, and seals it. The copy
 * is read like the engine's log is after an interruption: stored lines are recognised, and only what is missing between
 * them and the copy is a gap. Whatever it is cut off at, the same call again goes on.
 *
 * @returns null where the copy is not sealed, so not whole.
 */
export async function mergeCopy(
  logs: LogStore,
  copy: LogStore,
  { runId, attempt }: { runId: string; attempt: number },
  writer: LogWriter,
): Promise<Seal | null> {
  if (writer.sealed !== null) return writer.sealed;
  if (!(await isWhole(copy, runId, attempt))) return null;
  const knownNotes = await readNotes(logs, runId, attempt);
  const resume = createResumeSkip<NewLogLine>(logs.read(runId, { attempt }));
  try {
    for await (const lines of copy.read(runId, { attempt, streams: [...LOG_STREAMS] })) {
      const printed = lines.filter(({ stream }) => stream !== 'system');
      const { fresh, gapAfter } = await resume.skip(printed);
      const isPrinted = new Set<NewLogLine>(printed);
      const rests = fresh.filter((line) => !isPrinted.has(line));
      const isFresh = new Set<NewLogLine>(fresh);
      const missing = lines.filter(
        (line) => isFresh.has(line) || (noteOf(line) !== null && !knownNotes.has(keyOf(line))),
      );
      const toAppend = [...rests, ...missing].map((line) => withoutNumber(line));
      await writer.append([...gapNotes(gapAfter, fresh), ...toAppend]);
    }
  } finally {
    await resume.close();
  }
  return sealLog(logs, { runId, attempt }, writer, { ...NOTHING_COUNTED, recount: true });
}

async function isWhole(copy: LogStore, runId: string, attempt: number): Promise<boolean> {
  const writer = await copy.openWriter(runId, attempt);
  await writer.close();
  return writer.sealed !== null;
}

async function readNotes(logs: LogStore, runId: string, attempt: number): Promise<Set<string>> {
  const notes = new Set<string>();
  for await (const lines of logs.read(runId, { attempt, streams: ['system'] })) {
    for (const line of lines) notes.add(keyOf(line));
  }
  return notes;
}

function keyOf({ time, text }: { time: string; text: string }): string {
  return `${time} ${text}`;
}

function withoutNumber({ time, stream, text }: NewLogLine): NewLogLine {
  return { time, stream, text };
}
