import type { ResumePoint, Seal } from '../log-store';
import { textHash } from '../log-store';
import { parseLine, type ParsedLine } from './line';
import type { LineSource } from './line-source';
import { createResumeTracker, type ResumeTracker, type Start } from './resume';
import { parseContinuation, parseSeal } from './system-lines';

/** What a writer must know of an attempt, read back from the files. */
export interface AttemptScan {
  /** stdout and stderr lines of the attempt. */
  attemptLines: number;
  /** Largest time of these; empty where there are none. */
  newest: string;
  resume: ResumePoint | null;
  sealed: Seal | null;
  /** Lines of the last file, of any attempt. */
  liveLines: number;
}

/**
 * Reads back an attempt from the files of its run, oldest first, the live one last. Mostly the live file is enough: its
 * first line tells what was before it. Older files are read where it does not tell enough: its lines hold no place to
 * resume at (it is new), or the attempt is not the newest.
 *
 * @param files each opens a file anew.
 */
export async function scanAttempt(
  files: readonly (() => Promise<LineSource>)[],
  attempt: number,
): Promise<AttemptScan> {
  for (let count = 1; ; count *= 2) {
    const start = Math.max(0, files.length - count);
    const found = await scanFiles(files.slice(start), attempt, start === 0);
    if (found !== null) return found;
  }
}

/** Null where what is before these files must be known. */
async function scanFiles(
  files: readonly (() => Promise<LineSource>)[],
  attempt: number,
  fromTheStart: boolean,
): Promise<AttemptScan | null> {
  let tracker: ResumeTracker<ParsedLine> | undefined = fromTheStart ? createTracker() : undefined;
  let sealed: Seal | null = null;
  let fileLines = 0;

  for (const openFile of files) {
    fileLines = 0;
    for await (const lines of linesOf(openFile)) {
      fileLines += lines.length;
      tracker ??= startTracker(parseLine(lines[0]!), attempt);
      if (tracker === undefined) return null;
      sealed = trackLines(lines, attempt, tracker) ?? sealed;
    }
  }

  if (tracker === undefined) return null;
  if (tracker.anchor === null && tracker.lines > 0 && !fromTheStart) return null;
  return {
    attemptLines: tracker.lines,
    newest: tracker.newest,
    resume: resumeAt(tracker),
    sealed,
    liveLines: fileLines,
  };
}

/** Gives the attempt's lines to the tracker; answers its seal where it is among them. */
function trackLines(lines: readonly string[], attempt: number, tracker: ResumeTracker<ParsedLine>): Seal | undefined {
  let sealed: Seal | undefined;
  for (const text of lines) {
    const line = parseLine(text);
    if (line?.attempt !== attempt) continue;
    if (line.stream === 'system') sealed = parseSeal(line.text) ?? sealed;
    else tracker.add(line);
  }
  return sealed;
}

/** From the first line of a file that is not the first of its run. Undefined where that does not tell of the attempt. */
function startTracker(line: ParsedLine | undefined, attempt: number): ResumeTracker<ParsedLine> | undefined {
  const before = line?.stream === 'system' ? parseContinuation(line.text) : undefined;
  if (line === undefined || before === undefined || line.attempt > attempt) return undefined;
  return createTracker(line.attempt === attempt ? before : undefined);
}

/** The texts are read as one character for each byte, see {@link linesOf}. */
function createTracker(start?: Start): ResumeTracker<ParsedLine> {
  return createResumeTracker(({ text }) => text.length, start);
}

function resumeAt({ anchor, skip }: ResumeTracker<ParsedLine>): ResumePoint | null {
  if (anchor === null) return null;
  const { time, stream, text } = anchor;
  return { since: time, anchor: { stream, textHash: textHash(Buffer.from(text, 'latin1')) }, skip };
}

/** Bytes become characters one to one: cheap, and a text's length is its length in bytes. */
async function* linesOf(openFile: () => Promise<LineSource>): AsyncGenerator<string[]> {
  const source = await openFile();
  try {
    for (let block = await source.next(); block !== null; block = await source.next()) {
      yield block.toString('latin1', 0, block.length - 1).split('\n');
    }
  } finally {
    await source.close();
  }
}
