import type { Traceback } from '../../contract/evidence';

/** A line from the end of a log. */
export interface EvidenceLine {
  stream: string;
  text: string;
}

/** Characters of a message that are kept. */
export const MESSAGE_LENGTH = 500;

/**
 * The last Python traceback in the last lines of a log, which of a chain of exceptions is the one that was not caught. Launchers of
 * several processes put one of their own at the end, which says no more than that a child failed; then the child's is taken.
 *
 * Lines that belong to several processes are told apart by their stream and by the mark that launchers put before them, such as
 * `[rank0]: `.
 *
 * @returns null where there is none that is whole.
 */
export function findTraceback(lines: readonly EvidenceLine[]): Traceback | null {
  const readers = new Map<string, Reader>();
  const found: Traceback[] = [];
  for (const { stream, text } of lines) {
    const { mark, rest } = splitMark(text);
    const source = `${stream} ${mark}`;
    const reader = readers.get(source) ?? new Reader((traceback) => found.push(traceback));
    readers.set(source, reader);
    reader.read(rest);
  }
  const own = found.filter(({ type }) => !LAUNCHERS.test(type));
  const last = (own.length > 0 ? own : found).at(-1);
  return last === undefined ? null : { type: last.type, message: shorten(last.message) };
}

/** Exceptions by which a launcher says that one of its children failed. */
const LAUNCHERS = /(?:^|\.)(?:ChildFailedError|ProcessRaisedException|ProcessExitedException|RayTaskError)$/;

/**
 * What launchers put before the lines of their children: `[rank0]: ` and `[default0]:` of torch, `(train pid=12) ` of Ray, `0: `
 * of srun, and the margin within a group of exceptions.
 */
const MARK =
  /^(?:\[[A-Za-z_]{1,40}\d{1,6}(?:\|\d{1,6})?\]:? ?|\([^()]{0,80}pid=\d{1,9}[^()]{0,80}\) ?|\d{1,5}: |[ ]{1,20}[|+] )/;

function splitMark(text: string): { mark: string; rest: string } {
  const mark = MARK.exec(text)?.[0] ?? '';
  return { mark: mark.trim(), rest: text.slice(mark.length) };
}

const HEAD = 'Traceback (most recent call last):';
/** What Python cannot even compile has no head: it begins with the place. */
const PLACE = /^ {2}File ".{1,500}", line \d{1,9}$/;
const WITHOUT_HEAD = /^(?:SyntaxError|IndentationError|TabError)$/;
/** Said of what goes wrong where nobody can catch it, which fails nothing. */
const IGNORED = 'Exception ignored in';

const EXCEPTION = /^([A-Za-z_][\w.<>]{0,200})(?:: ?(.*))?$/;
/** Lines behind that of the exception that may still be part of its message. */
const MORE_LINES = 20;
/** Where a message ends for certain, besides an empty line: what launchers, loggers and Python itself write begins so. */
const NO_MESSAGE = /^(?:[WEIF]\d{4} |\d{4}-\d\d-\d\d[ T]|\+-|Exception ignored in)/;

/** Reads the lines of one process: head, frames, exception, and what follows of its message. */
class Reader {
  private frames: 'none' | 'of-traceback' | 'of-syntax-error' | 'ignored' = 'none';
  /** Whose message may go on. */
  private open: { traceback: Traceback; linesLeft: number } | null = null;
  private before = '';

  constructor(private readonly onFound: (traceback: Traceback) => void) {}

  read(line: string): void {
    if (line.endsWith(HEAD)) this.begin(this.before.startsWith(IGNORED) ? 'ignored' : 'of-traceback');
    else if (this.open !== null) this.extend(this.open, line);
    else if (this.frames === 'none' && PLACE.test(line)) this.begin('of-syntax-error');
    else if (this.frames !== 'none' && !line.startsWith(' ')) this.endFrames(line);
    this.before = line;
  }

  private begin(frames: Reader['frames']): void {
    this.frames = frames;
    this.open = null;
  }

  private endFrames(line: string): void {
    const [, type, message = ''] = EXCEPTION.exec(line) ?? [];
    const counts = this.frames === 'of-syntax-error' ? WITHOUT_HEAD.test(type ?? '') : this.frames === 'of-traceback';
    this.frames = 'none';
    if (type === undefined || !counts) return;
    this.open = { traceback: { type, message }, linesLeft: MORE_LINES };
    this.onFound(this.open.traceback);
  }

  private extend(open: NonNullable<Reader['open']>, line: string): void {
    if (line.trim() === '' || NO_MESSAGE.test(line) || open.linesLeft === 0) {
      this.open = null;
      return;
    }
    const { traceback, linesLeft } = open;
    const message = traceback.message.length > MESSAGE_LENGTH ? traceback.message : `${traceback.message}\n${line}`;
    this.open = { traceback: Object.assign(traceback, { message }), linesLeft: linesLeft - 1 };
  }
}

function shorten(message: string): string {
  const text = message.trim();
  if (text.length <= MESSAGE_LENGTH) return text;
  // A character of two halves is not cut in the middle.
  return `${text.slice(0, MESSAGE_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
