import { ownText, type ResumePoint, type Seal } from '../log-store';
import { parseLine, type ParsedLine } from './line';
import type { LineSource } from './line-source';
import { createResumeTracker, isLater, resumePointOf, type ResumeTracker, type Start } from './resume';
import { parseContinuation, parseSeal, type Continuation } from './system-lines';

/** What a writer must know of an attempt, read back from the files. */
export interface AttemptScan {
  /** stdout and stderr lines of the attempt. */
  attemptLines: number;
  /** Largest time of these; empty where there are none. */
  newest: string;
  resume: ResumePoint | null;
  sealed: Seal | null;
  /** What there is of the other attempts, by their numbers. */
  others: ReadonlyMap<number, Continuation>;
  /** Lines of the last file, of any attempt. */
  liveLines: number;
}

type OpenFile = () => Promise<LineSource>;

/**
 * Reads back an attempt from the files of its run, oldest first, the live one last. Its lines may stand among those of
 * other attempts, also of newer ones. Mostly the live file is enough: its first lines tell what was before it. Older files
 * are read where they do not tell enough: the file's lines hold no place to resume at (it is new), or the attempt is sealed.
 *
 * @param files each opens a file anew.
 */
export async function scanAttempt(files: readonly OpenFile[], attempt: number): Promise<AttemptScan> {
  for (let count = 1; ; count *= 2) {
    const start = Math.max(0, files.length - count);
    const found = await scanFiles(files.slice(start), attempt, start === 0);
    if (found !== null) return found;
  }
}

/** What the lines so far tell. */
interface Tracked {
  attempt: number;
  tracker: ResumeTracker<ParsedLine>;
  sealed: Seal | null;
  others: Map<number, Continuation>;
}

/** Null where what is before these files must be known. */
async function scanFiles(
  files: readonly OpenFile[],
  attempt: number,
  fromTheStart: boolean,
): Promise<AttemptScan | null> {
  let tracked = fromTheStart ? begin(attempt, new Map()) : undefined;
  let fileLines = 0;

  for (const openFile of files) {
    fileLines = 0;
    for await (const lines of linesOf(openFile)) {
      fileLines += lines.length;
      tracked ??= beginAt(lines, attempt);
      if (tracked === undefined) return null;
      for (const text of lines) trackLine(tracked, parseLine(text));
    }
  }

  if (tracked === undefined) return null;
  const { tracker, sealed, others } = tracked;
  if (tracker.anchor === null && tracker.lines > 0 && !fromTheStart) return null;
  const point = resumePointOf(tracker, ({ text }) => Buffer.from(text, 'latin1'));
  return {
    attemptLines: tracker.lines,
    // A writer keeps what is found for as long as it is open.
    newest: ownText(tracker.newest),
    resume: point && { ...point, since: ownText(point.since) },
    sealed,
    others: new Map([...others].map(([number, other]) => [number, { ...other, newest: ownText(other.newest) }])),
    liveLines: fileLines,
  };
}

function trackLine(tracked: Tracked, line: ParsedLine | undefined): void {
  if (line === undefined) return;
  if (line.stream === 'system') trackSeal(tracked, line);
  else if (line.attempt === tracked.attempt) tracked.tracker.add(line);
  else {
    const other = otherOf(tracked, line.attempt);
    other.lines += 1;
    if (isLater(line.time, other.newest)) other.newest = line.time;
  }
}

function trackSeal(tracked: Tracked, { attempt, text }: ParsedLine): void {
  const sealed = parseSeal(text);
  if (sealed === undefined) return;
  if (attempt === tracked.attempt) tracked.sealed = sealed;
  else otherOf(tracked, attempt).sealed = true;
}

function otherOf({ others }: Tracked, attempt: number): Continuation {
  const known = others.get(attempt);
  if (known !== undefined) return known;
  const other = { lines: 0, newest: '', sealed: false };
  others.set(attempt, other);
  return other;
}

/** From the first lines of a file that is not the first of its run. Undefined where these do not tell enough. */
function beginAt(lines: readonly string[], attempt: number): Tracked | undefined {
  const before = new Map<number, Continuation>();
  for (const text of lines) {
    const line = parseLine(text);
    const continuation = line?.stream === 'system' ? parseContinuation(line.text) : undefined;
    if (line === undefined || continuation === undefined) break;
    before.set(line.attempt, continuation);
  }
  const own = before.get(attempt);
  if (own?.sealed === true) return undefined;
  // One that is newer than all of them has begun after them; an older one that is not named may have been left out.
  if (own === undefined && (before.size === 0 || attempt < Math.max(...before.keys()))) return undefined;
  before.delete(attempt);
  return begin(attempt, before, own);
}

/** The texts are read as one character for each byte, see {@link linesOf}. */
function begin(attempt: number, others: Map<number, Continuation>, start?: Start): Tracked {
  return { attempt, tracker: createResumeTracker(({ text }) => text.length, start), sealed: null, others };
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
