/** What a line is known by when it comes a second time: the engine gives a line the same time each time. */
export interface KnownLine {
  time: string;
  stream: string;
  text: string;
}

export interface SkippedLines<T> {
  /** Lines that are not stored yet. */
  fresh: T[];
  /** Set where stored lines are missing from what the engine still has: the time of the last stored one before `fresh`. */
  gapAfter: string | null;
}

export interface ResumeSkip {
  /** Drops the lines that are stored; the lines come in the order of the engine. */
  skip<T extends KnownLine>(lines: readonly T[]): Promise<SkippedLines<T>>;
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
 * @param stored stdout and stderr lines from shortly before the place of resume to the end, oldest first. They are read
 *   only as far as they are needed, so their number costs no memory.
 */
export function createResumeSkip(stored: AsyncIterable<KnownLine[]>): ResumeSkip {
  const lines = flatten(stored);
  let done = false;
  let atLastMatch = true;
  let lastTime: string | null = null;

  const isStored = async (line: KnownLine): Promise<boolean> => {
    for (;;) {
      const next = await lines.next();
      if (next.done) {
        done = true;
        return false;
      }
      lastTime = next.value.time;
      atLastMatch = isSame(next.value, line);
      if (atLastMatch) return true;
    }
  };

  const skip = async <T extends KnownLine>(batch: readonly T[]): Promise<SkippedLines<T>> => {
    if (done) return { fresh: [...batch], gapAfter: null };
    for (const [index, line] of batch.entries()) {
      if (!(await isStored(line))) return { fresh: batch.slice(index), gapAfter: atLastMatch ? null : lastTime };
    }
    return { fresh: [], gapAfter: null };
  };

  const close = async (): Promise<void> => {
    await lines.return(undefined);
  };

  return { skip, close };
}

async function* flatten(batches: AsyncIterable<KnownLine[]>): AsyncGenerator<KnownLine, undefined> {
  for await (const batch of batches) yield* batch;
}

function isSame(one: KnownLine, other: KnownLine): boolean {
  return one.time === other.time && one.stream === other.stream && one.text === other.text;
}
