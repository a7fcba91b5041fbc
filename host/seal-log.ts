import { noteOf } from '../contract/log-note';
import { LOG_STREAMS } from '../contract/log-streams';
import type { LogStore, LogWriter, NewLogLine, Seal } from '../store/log-store';
import { countReplacements } from './decode-line';

/** What goes into a seal, as far as this process has seen it. */
export interface SealCounts {
  gaps: number;
  badBytes: number;
  /** True where lines were stored before this process came: the counts are then taken from what is stored. */
  recount: boolean;
}

export const NOTHING_COUNTED: SealCounts = { gaps: 0, badBytes: 0, recount: false };

/** Seals the log of an attempt, after a note of a gap where there is one: with it, else who seals it again would note it again. */
export async function sealLog(
  logs: LogStore,
  { runId, attempt }: { runId: string; attempt: number },
  writer: LogWriter,
  counts: SealCounts,
  gap?: NewLogLine,
): Promise<Seal> {
  const notes = gap === undefined ? [] : [gap];
  const { gaps, badBytes } = counts.recount ? await countStored(logs, runId, attempt) : counts;
  return writer.seal({ gaps: gaps + notes.length, badBytes }, notes);
}

async function countStored(logs: LogStore, runId: string, attempt: number): Promise<Omit<Seal, 'lines'>> {
  let gaps = 0;
  let badBytes = 0;
  for await (const lines of logs.read(runId, { attempt, streams: [...LOG_STREAMS] })) {
    for (const line of lines) {
      if (noteOf(line) === 'gap') gaps += 1;
      else badBytes += countReplacements(line.text);
    }
  }
  return { gaps, badBytes };
}
