/** Ends a wait of which nothing comes for too long. Time in which nobody waits does not count. */
export interface SilenceLimit {
  /** Somebody waits from now on. */
  begin(): void;
  /** Something has come. */
  heard(): void;
  /** Nobody waits any more. */
  end(): void;
}

const NO_LIMIT: SilenceLimit = { begin: () => {}, heard: () => {}, end: () => {} };

/**
 * @param silenceMs undefined: there is no limit.
 * @param onSilence called where nothing was heard for so long.
 */
export function createSilenceLimit(silenceMs: number | undefined, onSilence: () => void): SilenceLimit {
  if (silenceMs === undefined) return NO_LIMIT;
  let timer: NodeJS.Timeout | undefined;
  let isSilent = false;
  const silent = (): void => {
    isSilent = true;
    // The event loop reads what lies in the socket by now before it comes to this: it may be we who stood still.
    setImmediate(() => isSilent && onSilence());
  };
  const heard = (): void => {
    isSilent = false;
    timer?.refresh();
  };
  const end = (): void => {
    isSilent = false;
    clearTimeout(timer);
    timer = undefined;
  };
  const begin = (): void => {
    end();
    timer = setTimeout(silent, silenceMs);
  };
  return { begin, heard, end };
}

/** However little there is to read. */
const LEAST_MS = 5 * 60_000;
/** 1 MB/s. */
const LEAST_BYTES_PER_MS = 1000;

/**
 * For how long an engine that lives may say nothing of a log that it is asked for without follow, in milliseconds. Before the
 * first record from a given time on it reads, and parses, all that it keeps from before. Docker 26 did so at 20 MB/s for the
 * shortest lines, on two processors that eight others wanted, too; this leaves twenty times as long, and more where the log is
 * small. One that needs longer still would be asked anew for ever, so the limit errs on that side.
 *
 * @param logBytes the most that the engine keeps of the log.
 */
export function longestSilenceMs(logBytes: number): number {
  return Math.max(LEAST_MS, logBytes / LEAST_BYTES_PER_MS);
}
