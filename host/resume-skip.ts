import {
  createCutLine,
  isFullPart,
  isSame,
  LINE_SIZES,
  type CutLine,
  type KnownLine,
  type LineSizes,
} from './cut-line';

export interface SkippedLines<T> {
  /** Lines that are not stored yet; first, what is missing of one that is stored in part. */
  fresh: readonly T[];
  /** Set where stored lines are missing from what the engine still has: the time of the last stored one before `fresh`. */
  gapAfter: string | null;
}

export interface ResumeSkip<T extends KnownLine> {
  /** Drops the lines that are stored; the lines come in the order of the engine. */
  skip(lines: readonly T[]): Promise<SkippedLines<T>>;
  /** Ends the reading of the stored lines. */
  close(): Promise<void>;
}

/**
 * Tells lines that are stored from those that are new when an engine's log is read again. It walks along the stored
 * lines in step with the engine's. As both have one order, only three things can happen:
 *
 * 1. the engine begins later than the stored lines do: these are passed over until one is the engine's;
 * 2. the stored lines end with one that the engine has told again: all that follows is new;
 * 3. the stored lines end without it: the engine has thrown away the place where both meet. What follows is new, and what
 *    may lie between is a gap.
 *
 * What the engine tells first of a stream may be only the end of a line: see cut-line.ts.
 *
 * @param stored stdout and stderr lines from shortly before the place of resume to the end, oldest first. They are read
 *   only as far as they are needed, so their number costs no memory.
 */
export function createResumeSkip<T extends KnownLine>(
  stored: AsyncIterable<KnownLine[]>,
  sizes = LINE_SIZES,
): ResumeSkip<T> {
  const state: State<T> = {
    sizes,
    lines: flatten(stored),
    next: null,
    cutLines: new Map(),
    parts: new Map(),
    done: false,
    atLastMatch: true,
    lastTime: null,
  };

  const skip = async (batch: readonly T[]): Promise<SkippedLines<T>> => {
    if (state.done) return { fresh: freshOf(state, batch), gapAfter: null };
    for (const [index, line] of batch.entries()) {
      const isTaken = await take(state, line);
      if (!state.done) continue;
      const rests = [...state.cutLines.values()].flatMap((cut) => cut?.takeRest() ?? []);
      const fresh = [...rests, ...freshOf(state, batch.slice(isTaken ? index + 1 : index))];
      return { fresh, gapAfter: state.atLastMatch ? null : state.lastTime };
    }
    return { fresh: [], gapAfter: null };
  };

  const close = async (): Promise<void> => {
    await state.lines.return(undefined);
  };

  return { skip, close };
}

interface State<T extends KnownLine> {
  sizes: LineSizes;
  /** What is stored, as far as it was not passed. */
  lines: AsyncGenerator<KnownLine, undefined>;
  /** The next of them, where it was looked at. */
  next: IteratorResult<KnownLine, undefined> | null;
  /** By stream, the line that the engine has begun with; null once all of it was told. */
  cutLines: Map<string, CutLine<T> | null>;
  /** By stream, the end of the last line that was passed, in the parts that it is stored in: what the engine has of it may come after others. */
  parts: Map<string, KnownLine[]>;
  done: boolean;
  /** True where the engine has told the last line that was passed. */
  atLastMatch: boolean;
  lastTime: string | null;
}

/** What is new of lines that come after the last stored one: all, but for those of which a stream's last line is a part. */
function freshOf<T extends KnownLine>(state: State<T>, lines: readonly T[]): readonly T[] {
  // Nearly always, and for each batch of a flood.
  if (lines.every(({ stream }) => state.cutLines.get(stream) === null)) return lines;
  return lines.flatMap((line) => {
    const cut = state.cutLines.get(line.stream);
    if (cut === undefined) return begin(state, line).takeRest();
    if (cut?.goesOn() && cut.has(line)) {
      cut.tell(line);
      return cut.takeRest();
    }
    state.cutLines.set(line.stream, null);
    return [line];
  });
}

function begin<T extends KnownLine>({ cutLines, parts, sizes }: State<T>, line: T): CutLine<T> {
  const begun = createCutLine(line, sizes);
  cutLines.set(line.stream, begun);
  for (const part of parts.get(line.stream) ?? []) begun.store(part);
  return begun;
}

/** True where the line is stored or belongs to a cut line, which knows what of it is not. */
async function take<T extends KnownLine>(state: State<T>, line: T): Promise<boolean> {
  const { cutLines } = state;
  const cut = cutLines.get(line.stream);
  if (cut === undefined) {
    await passFor(state, line, begin(state, line));
    return true;
  }
  if (cut === null) return passTo(state, line);
  if (!(await passUntil(state, cut.isStored))) return false;
  if (cut.goesOn() && cut.has(line)) {
    cut.tell(line);
    await passFor(state, line, cut);
    return true;
  }
  cutLines.set(line.stream, null);
  return passTo(state, line);
}

async function passFor<T extends KnownLine>(state: State<T>, { stream }: T, cut: CutLine<T>): Promise<void> {
  // Lines of the other stream may come before the next part does.
  if (cut.goesOn()) {
    await passUntil(state, cut.isPlaced);
    // The next part may be long in coming, and what is not stored of this one need not wait for it.
    state.next ??= await state.lines.next();
    state.done ||= state.next.done === true;
  } else if (await passUntil(state, cut.isStored)) state.cutLines.set(stream, null);
}

/** False where the line is not stored. */
async function passTo<T extends KnownLine>(state: State<T>, line: T): Promise<boolean> {
  for (;;) {
    const next = await pass(state);
    if (next === null) return false;
    if (!isSame(next, line)) continue;
    state.atLastMatch = true;
    return true;
  }
}

/** False where the stored lines end before. */
async function passUntil<T extends KnownLine>(state: State<T>, isReached: () => boolean): Promise<boolean> {
  while (!isReached() && (await pass(state)) !== null);
  return isReached();
}

async function pass<T extends KnownLine>(state: State<T>): Promise<KnownLine | null> {
  const next = state.next ?? (await state.lines.next());
  state.next = null;
  if (next.done) {
    state.done = true;
    return null;
  }
  const { time, stream } = next.value;
  state.lastTime = time;
  state.atLastMatch = state.cutLines.get(stream)?.store(next.value) ?? false;
  if (!state.cutLines.has(stream)) keepPart(state, next.value);
  return next.value;
}

function keepPart<T extends KnownLine>({ parts, sizes }: State<T>, line: KnownLine): void {
  const before = parts.get(line.stream) ?? [];
  const kept = before.at(-1)?.time === line.time ? [...before, line] : [line];
  // The engine has begun with no more than a part, which lies in the last two full ones.
  const full = kept.filter((part) => isFullPart(part, sizes));
  parts.set(line.stream, full.length > 2 ? kept.slice(kept.indexOf(full.at(-2)!)) : kept);
}

async function* flatten(batches: AsyncIterable<KnownLine[]>): AsyncGenerator<KnownLine, undefined> {
  for await (const batch of batches) yield* batch;
}
