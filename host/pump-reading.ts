import type { Engine, LogRecord } from '../docker/engine';
import type { LogStore, LogWriter, NewLogLine } from '../store/log-store';
import type { BeginningCheck } from './beginning-check';
import { believedRecords, isSameRecord } from './believed-records';
import { isAlive } from './container-state';
import { decodeLine } from './decode-line';
import type { FloodGuard } from './flood-guard';
import { lastRecords } from './last-records';
import { createLineAssembler, type AssembledLine } from './line-assembler';
import { beginningNote, gapNotes, splitNote } from './log-notes';
import { readWithSilence } from './read-with-silence';
import { repeatedLines } from './repeated-lines';
import { createResumeSkip, type ResumeSkip } from './resume-skip';
import { resumedRecords } from './resumed-records';
import type { SealCounts } from './seal-log';
import { createThrottledSync } from './throttled-sync';

export interface ReadingDeps {
  engine: Engine;
  logs: LogStore;
  /** Called with what was newly stored. */
  onStored: (lines: readonly NewLogLine[]) => void;
}

export interface ReadingInput {
  runId: string;
  attempt: number;
  containerId: string;
  writer: LogWriter;
  /** What is stored is counted here, also where the reading fails later. */
  counts: SealCounts;
  /** False: up to the end of the log as it is now. True: until the container ends, too. */
  follow: boolean;
  /** True where the container has ended: what is left of a line then is the last line. */
  last: boolean;
  /** Called with the time of a record up to which all is stored, or waits for the end of its line. */
  onRead: (time: string) => void;
  /** Closed at the end of the reading. */
  guard: FloodGuard;
  /** Absent where it is not for this reading to tell whether the engine has thrown away the beginning of the log. */
  beginning?: BeginningCheck | undefined;
  /** A follow without news for this long is compared with a reading without follow. */
  silenceMs: number;
  signal: AbortSignal;
}

export interface ReadingResult {
  storedLines: number;
  storedBytes: number;
  /** True where a follow was given up because it may have fallen behind. */
  behind: boolean;
  /** True where it had, for all that its records tell, and by so much that the container must wait. */
  farBehind: boolean;
  /** True where the engine had nothing, although there are stored lines; of a reading without follow that means that it has lost its log. */
  isGone: boolean;
}

/**
 * Reads the engine's log once, from the place that the writer resumes at, and appends what is not stored yet. It asks for
 * more only after an append has resolved, so what is in memory is one read and at most one incomplete line per stream.
 */
export async function readOnce(deps: ReadingDeps, input: ReadingInput): Promise<ReadingResult> {
  const { writer, follow, signal, guard } = input;
  const appender = createAppender(deps, input);
  let last: LogRecord | undefined;
  const sync = createThrottledSync(writer);
  const ending = new AbortController();
  const reading = { containerId: input.containerId, follow, signal: AbortSignal.any([signal, ending.signal]) };
  const look = (tail: number): Promise<LogRecord[]> => lastRecords(deps.engine, { ...reading, tail });
  const records = believedRecords(resumedRecords(deps.engine, reading, writer.resume), { arrive: guard.arrive, look });
  let behind = false;
  let farBehind = false;
  try {
    const stalled = async (): Promise<boolean> => {
      const is = await isStalled(deps.engine, input, last);
      if (!is) guard.onSilence();
      return is;
    };
    for await (const batch of readWithSilence(records, follow ? input.silenceMs : undefined, stalled)) {
      behind = batch === null || !guard.take(batch);
      farBehind = behind && guard.isFarBehind();
      if (behind || batch === null) break;
      last = batch.at(-1);
      if (await guard.whileStoring(() => appender.append(batch))) sync.touch();
      input.onRead(batch.at(-1)!.time);
      await noteBeginning(input, batch, appender);
    }
    if (input.last) await appender.flush();
  } finally {
    ending.abort();
    await guard.close();
    await appender.close();
    await sync.stop();
  }
  // The place of resume comes again at least.
  const isGone = last === undefined && writer.attemptLines > 0;
  return { ...appender.result(), behind, farBehind, isGone };
}

async function noteBeginning(
  { beginning, writer }: ReadingInput,
  records: readonly LogRecord[],
  { note }: Appender,
): Promise<void> {
  const lostBefore = beginning?.pass(records, writer) ?? null;
  if (lostBefore === null) return;
  await note(beginningNote(lostBefore));
  beginning?.noted();
}

interface Appender {
  /** True where something was stored. */
  append(records: readonly LogRecord[]): Promise<boolean>;
  flush(): Promise<void>;
  /** Stores the note of a gap. */
  note(gap: NewLogLine): Promise<void>;
  close(): Promise<void>;
  result(): Pick<ReadingResult, 'storedLines' | 'storedBytes'>;
}

interface TextLine extends NewLogLine {
  firstPart: boolean;
  bytes: number;
  badBytes: number;
}

function createAppender(deps: ReadingDeps, input: ReadingInput): Appender {
  const assembler = createLineAssembler();
  const repeated = repeatedLines(deps.logs, input, input.writer);
  const result = { storedLines: 0, storedBytes: 0 };
  let resume: ResumeSkip<TextLine> | undefined;

  const store = async (assembled: readonly AssembledLine[]): Promise<boolean> => {
    const lines = assembled.map(toText);
    if (lines[0] === undefined) return false;
    resume ??= createResumeSkip(repeated(lines[0]));
    const { fresh, gapAfter } = await resume.skip(lines);
    if (fresh.length === 0) return false;
    const gap = gapNotes(gapAfter, fresh);
    const toAppend = [...gap, ...withNotes(fresh)];
    await input.writer.append(toAppend);
    input.counts.gaps += gap.length;
    for (const { bytes, badBytes } of fresh) {
      result.storedLines += 1;
      result.storedBytes += bytes;
      input.counts.badBytes += badBytes;
    }
    deps.onStored(toAppend);
    return true;
  };

  return {
    append: (records) => store(assembler.push(records)),
    flush: async () => {
      await store(assembler.flush());
    },
    note: async (gap) => {
      await input.writer.append([gap]);
      input.counts.gaps += 1;
    },
    close: async () => resume?.close(),
    result: () => result,
  };
}

function toText({ time, stream, data, midLine, firstPart }: AssembledLine): TextLine {
  const { text, badBytes } = decodeLine(data);
  return { time, stream, text, midLine, firstPart, bytes: data.length, badBytes };
}

function withNotes(lines: readonly TextLine[]): readonly NewLogLine[] {
  if (!lines.some(({ firstPart }) => firstPart)) return lines;
  return lines.flatMap((line) => (line.firstPart ? [line, splitNote(line.time, line.stream)] : [line]));
}

/**
 * True where the engine has more than a follow has brought, or where the container has ended and the follow has not.
 * Followers of json-file logs have been known to stall after a rotation (moby/moby#37646). One that has brought nothing
 * has not even brought the place of resume, so either it has stalled or the engine has thrown that place away.
 *
 * @param last the last record that the follow has brought.
 */
async function isStalled(
  engine: Engine,
  { containerId, signal }: ReadingInput,
  last: LogRecord | undefined,
): Promise<boolean> {
  const info = await engine.inspectContainer(containerId);
  if (info === null || !isAlive(info)) return true;
  const newest = (await lastRecords(engine, { containerId, tail: 1, signal })).at(-1);
  return newest !== undefined && !isSameRecord(newest, last);
}
