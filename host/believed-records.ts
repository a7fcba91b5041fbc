import type { LogRecord } from '../docker/engine';

export interface Believing {
  /** Takes the records of each read as they come; true where a follow may have left out something among them or right before them. */
  arrive: (records: readonly LogRecord[]) => boolean;
  /** The last this many records that the engine has now, read without follow. */
  look: (tail: number) => Promise<readonly LogRecord[]>;
}

/** There is no more than one look at the log in this time, and so long records may have to wait for it. */
export const LOOK_EVERY_MS = 1000;
/** So many reads, of no more than 64 KiB each, wait for a look; then it comes at once, and no more is read before it is done. */
const MOST_HELD = 64;
/** A look asks for twice of what it is about and so many records more, as more may have come since; at first for few, which costs next to nothing. */
const MORE_RECORDS = [20, 4000];

/**
 * Passes on what a follow brings where it is certain that nothing is left out. What is in doubt waits until a look at the end of the log has
 * shown the same records in a row, back to the last that was passed on; one look does for all that wait.
 *
 * @returns null at last, where something was left out, or the look does not reach back so far: the log is to be read without follow.
 */
export async function* believedRecords(
  source: AsyncIterable<LogRecord[]>,
  { arrive, look }: Believing,
): AsyncGenerator<LogRecord[] | null, void> {
  const arrivals = createArrivals(source, arrive);
  let last: LogRecord | undefined;
  let lookAt = 0;

  for (;;) {
    const first = arrivals.held[0];
    if (first === undefined && arrivals.isEnded) return;
    if (first === undefined) {
      await arrivals.more();
    } else if (!first.isDoubtful) {
      arrivals.held.shift();
      last = first.records.at(-1);
      yield first.records;
    } else {
      const waitMs = lookAt - Date.now();
      if (waitMs > 0) await arrivals.moreUntil(after(waitMs));
      // What a follow brought at its end comes again, without follow.
      if (arrivals.isEnded) return;
      lookAt = Date.now() + LOOK_EVERY_MS;
      const waiting = [...arrivals.held];
      const run = [...(last === undefined ? [] : [last]), ...waiting.flatMap(({ records }) => records)];
      if (!(await isSeen(run, arrivals, look))) {
        yield null;
        return;
      }
      for (const arrived of waiting) arrived.isDoubtful = false;
    }
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

async function isSeen(run: readonly LogRecord[], arrivals: Arrivals, look: Believing['look']): Promise<boolean> {
  for (const more of MORE_RECORDS) {
    const looking = look(2 * run.length + more);
    await arrivals.moreUntil(looking);
    if (holdsRun(await looking, run)) return true;
  }
  return false;
}

/** True where the records of `run` stand in `log` without another one between them. */
export function holdsRun(log: readonly LogRecord[], run: readonly LogRecord[]): boolean {
  return log.some((_, start) => run.every((record, index) => isSameRecord(record, log[start + index])));
}

export function isSameRecord(one: LogRecord, other: LogRecord | undefined): boolean {
  return one.time === other?.time && one.stream === other.stream && one.data.equals(other.data);
}

interface Arrivals {
  /** What has come and was not passed on, oldest first. */
  held: { records: LogRecord[]; isDoubtful: boolean }[];
  readonly isEnded: boolean;
  /** Waits for one read. */
  more(): Promise<void>;
  /** Takes what comes until something has happened, or enough is held. */
  moreUntil(event: Promise<unknown>): Promise<void>;
}

function createArrivals(source: AsyncIterable<LogRecord[]>, arrive: Believing['arrive']): Arrivals {
  const reader = source[Symbol.asyncIterator]();
  const held: Arrivals['held'] = [];
  let isEnded = false;
  let coming: Promise<void> | null = null;

  const take = async (): Promise<void> => {
    const next = await reader.next();
    coming = null;
    if (next.done) isEnded = true;
    else held.push({ records: next.value, isDoubtful: arrive(next.value) });
  };
  const more = (): Promise<void> => {
    coming ??= take();
    // Nobody waits for it while there is enough; whoever asks next is told.
    coming.catch(() => undefined);
    return coming;
  };
  const moreUntil = async (event: Promise<unknown>): Promise<void> => {
    let isOver = false;
    const over = event.finally(() => (isOver = true));
    // Whoever asked for it is told, also where enough is held and nobody waits for it here.
    over.catch(() => undefined);
    while (!isOver && !isEnded && held.length < MOST_HELD) await Promise.race([over, more()]);
  };
  return {
    held,
    get isEnded() {
      return isEnded;
    },
    more,
    moreUntil,
  };
}
