/** So long one reader may keep all else in the process waiting, in milliseconds. */
export const SLICE_MS = 15;
/** Characters between two looks at the clock, which costs as much as a short line. */
const LOOK_EVERY = 4_096;
/** What a line costs whatever its length, in characters. */
const LINE_COST = 64;

/** Work through the lines of a log that gives way to all else in the process after each slice of time. */
export interface Slices {
  /** To be waited for before each block: costly work has its turn then, all others begin at once. */
  begin(): Promise<void>;
  /** Whether the slice is over, with so many characters looked at since the last call. */
  isOver(characters: number): boolean;
  /** Resolves when the next slice begins. */
  next(): Promise<void>;
}

/** @param isCostly whether a block may well take a slice, as a search for a pattern does. */
export function createSlices(isCostly: boolean): Slices {
  let endsMs = 0;
  let unseen = 0;
  const start = (): void => {
    endsMs = performance.now() + SLICE_MS;
    unseen = 0;
  };
  return {
    begin: async () => {
      if (isCostly) await turn();
      start();
    },
    isOver: (characters) => {
      unseen += characters + LINE_COST;
      if (unseen < LOOK_EVERY) return false;
      unseen = 0;
      return performance.now() >= endsMs;
    },
    next: async () => {
      await turn();
      start();
    },
  };
}

/** Of the whole process, as there is one thread: who waits for a slice. */
const waiting: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop, in the order of the calls and once a turn: however many read at the same
 * time, all else in the process waits for one slice.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(serveOne);
  });
}

function serveOne(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(serveOne);
}
