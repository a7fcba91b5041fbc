import { open } from 'node:fs/promises';

import { StoreError } from '../errors';
import type { LogWriter, NewLogLine, ResumePoint, Seal } from '../log-store';
import { scanAttempt, type AttemptScan } from './attempt-scan';
import { formatLine, toLogTime } from './line';
import { createFileSource, openSegment, type LineSource } from './line-source';
import { describeWriteError, openLiveFile } from './live-file';
import { createQueue, type Queue } from './queue';
import { forgetRemoval } from './removal';
import { createResumeTracker, resumePointOf, type ResumeTracker } from './resume';
import { createRotatingFile, type RotatingFile, type RotationOptions } from './rotating-file';
import { recoverRotation } from './rotation';
import { lastLineOf, listSegments, type LogPaths } from './segments';
import { formatContinuation, formatSeal, type Continuation } from './system-lines';
import { removeTornOpening } from './torn-opening';
import type { WriterClaim } from './writer-claims';

export interface WriterOptions extends RotationOptions {
  now: () => Date;
}

/**
 * Opens the log of an attempt to append to it, after whatever a writer before left behind.
 *
 * @param claim makes it the only writer of the run; given back when the writer is closed, or cannot be opened.
 */
export async function openWriter(
  paths: LogPaths,
  attempt: number,
  claim: WriterClaim,
  options: WriterOptions,
): Promise<LogWriter> {
  try {
    return await openClaimed(paths, attempt, claim, options);
  } catch (error) {
    claim.release();
    throw describeWriteError(error, paths.live);
  }
}

async function openClaimed(
  paths: LogPaths,
  attempt: number,
  claim: WriterClaim,
  options: WriterOptions,
): Promise<LogWriter> {
  await forgetRemoval(paths);
  const uncompressed = await recoverRotation(paths);
  const segments = await listSegments(paths);
  await removeTornOpening(paths);
  const live = await openLiveFile(paths);
  try {
    const scan = await scanAttempt([...segments.map((segment) => () => openSegment(segment)), openLive], attempt);
    const { liveLines, attemptLines, newest, sealed, others } = scan;
    const setAsideLines = lastLineOf(segments);
    const initialBytes = segments.length === 0 ? live.sizeBytes : null;
    const file = createRotatingFile(paths, options, { live, liveLines, setAsideLines, uncompressed });
    const state = {
      paths,
      attempt,
      now: options.now,
      file,
      atOpening: scan,
      tracker: createResumeTracker<NewLogLine>(bytesOf, { lines: attemptLines, newest }),
      sealed,
      others,
      claim,
      isClosed: false,
    };
    return createWriter({ ...state, queue: createQueue() }, initialBytes);
  } catch (error) {
    await live.close();
    throw error;
  }

  async function openLive(): Promise<LineSource> {
    return createFileSource(await open(paths.live, 'r'));
  }
}

interface State {
  paths: LogPaths;
  claim: WriterClaim;
  attempt: number;
  now: () => Date;
  file: RotatingFile;
  queue: Queue;
  atOpening: Pick<AttemptScan, 'resume' | 'attemptLines'>;
  /** Of the attempt's stdout and stderr lines; it has seen those that this writer appended. */
  tracker: ResumeTracker<NewLogLine>;
  sealed: Seal | null;
  others: ReadonlyMap<number, Continuation>;
  isClosed: boolean;
}

function createWriter(state: State, initialBytes: number | null): LogWriter {
  return {
    initialBytes,
    get resume() {
      return resumeOf(state);
    },
    get attemptLines() {
      return state.tracker.lines;
    },
    get sealed() {
      return state.sealed;
    },
    append: (lines) => inTurn(state, () => appendLines(state, lines)),
    sync: () => inTurn(state, () => state.file.sync()),
    seal: (outcome, notes = []) => inTurn(state, () => writeSeal(state, outcome, notes)),
    async close() {
      state.isClosed = true;
      try {
        await state.queue.idle();
        await state.file.close();
      } finally {
        state.claim.release();
      }
    },
  };
}

/** While none of its own lines can be the anchor, all of them come again after the anchor of before. */
function resumeOf({ atOpening: { resume, attemptLines }, tracker }: State): ResumePoint | null {
  if (tracker.anchor !== null) return resumePointOf(tracker, ({ text }) => text);
  return resume && { ...resume, skip: resume.skip + tracker.lines - attemptLines };
}

const bytesOf = ({ text }: NewLogLine): number => Buffer.byteLength(text);

async function inTurn<T>({ isClosed, queue, paths }: State, work: () => Promise<T>): Promise<T> {
  if (isClosed) throw new Error(`the writer of ${paths.live} is closed`);
  try {
    return await queue.run(work);
  } catch (error) {
    throw describeWriteError(error, paths.live);
  }
}

async function appendLines(state: State, lines: readonly NewLogLine[]): Promise<void> {
  if (state.sealed !== null) {
    throw new StoreError(
      `attempt ${state.attempt} of the log ${state.paths.live} is sealed`,
      'append to a new attempt only',
    );
  }
  if (lines.length === 0) return;
  const text = lines.map((line) => formatLine(line, state.attempt)).join('');
  await state.file.append(text, lines.length, () => continuations(state));
  for (const line of lines) {
    if (line.stream !== 'system') state.tracker.add(line);
  }
}

/** The first lines of a live file after a rotation. */
function continuations({ attempt, tracker, others, now }: State): string[] {
  const time = toLogTime(now());
  const before = new Map([...others, [attempt, { lines: tracker.lines, newest: tracker.newest, sealed: false }]]);
  return [...before]
    .toSorted(([one], [other]) => one - other)
    .map(([number, of]) => formatLine({ time, stream: 'system', text: formatContinuation(of) }, number));
}

async function writeSeal(
  state: State,
  { gaps, badBytes }: Omit<Seal, 'lines'>,
  notes: readonly NewLogLine[],
): Promise<Seal> {
  if (state.sealed !== null) return state.sealed;
  const seal = { lines: state.tracker.lines, gaps, badBytes };
  await appendLines(state, [...notes, { time: toLogTime(state.now()), stream: 'system', text: formatSeal(seal) }]);
  await state.file.sync();
  state.sealed = seal;
  return seal;
}
