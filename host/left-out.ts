import type { LogRecord } from '../docker/engine';
import { engineBytes, leastMsToWrite } from './backlog-meter';

/** Tells where a follower may have left out a file of the engine's log, and told nobody. */
export interface LeftOut {
  /**
   * Takes the records of a read, in their order. True where a file may be missing among them, or right before them: they
   * must not be stored.
   *
   * @param isTimely no engine can have written nearly a file since the newest of them.
   */
  take(records: readonly LogRecord[], isTimely: boolean): boolean;
}

export interface LeftOutDeps {
  /** What may have been written and left out without harm, in bytes: less than a file. */
  harmlessBytes: number;
  /** When the follow began: what was written before that it gives from files that it holds open. */
  beginMs: number;
  /** For how long, in that time, the container could print nothing, as it was held. */
  heldMs: (fromMs: number, toMs: number) => number;
  /** False where the records that were passed last lie far from the end of any file of the engine. */
  mayEndFile: () => boolean;
}

/** Of a socket that is full, a batch has at least this much, in bytes of the engine's log. */
const FULL_SOCKET_BYTES = 8_192;

/**
 * A follower moves from the end of a file to the newest (moby, daemon/logger/loggerutils/follow.go, "file rotations were
 * missed"), so what it leaves out is whole files. An engine needs a while to write one, however fast it is. So between the
 * record before and the one after there is that much time: records without such a pause between them are all there.
 *
 * A pause says nothing where the container was held, nor where the follower was not. It is held up only by a reader that
 * leaves the socket between them full; what lies there comes first, as a long batch, and late. From there on pauses count,
 * until a batch comes so early that the follower cannot be a file behind any more. And a pause in the middle of a file is
 * the container's own, where it is known how far in its file the follower is.
 */
export function createLeftOut({ harmlessBytes, beginMs, heldMs, mayEndFile }: LeftOutDeps): LeftOut {
  const harmlessMs = leastMsToWrite(harmlessBytes);
  let mayBeHeldUp = false;
  let newestMs = 0;

  const isPause = (fromMs: number, toMs: number): boolean => {
    const from = Math.max(fromMs, beginMs);
    return toMs - from > harmlessMs && toMs - from - heldMs(from, toMs) > harmlessMs;
  };

  const hasPause = (records: readonly LogRecord[], beforeMs: number): boolean => {
    let before = beforeMs;
    for (const { time } of records) {
      const ms = Date.parse(time);
      if (isPause(before, ms)) return true;
      before = Math.max(before, ms);
    }
    return false;
  };

  return {
    take: (records, isTimely) => {
      const [first] = records;
      const last = records.at(-1);
      if (first === undefined || last === undefined) return false;
      const isLong = engineBytes(records) >= FULL_SOCKET_BYTES;
      const beforeMs = mayBeHeldUp ? newestMs : Date.parse(first.time);
      const lastMs = Date.parse(last.time);
      // Where all of them are of one moment, as in a flood, none need be looked at.
      const isDoubtful =
        (mayBeHeldUp || isLong) && isPause(beforeMs, lastMs) && mayEndFile() && hasPause(records, beforeMs);
      mayBeHeldUp = !isTimely && (mayBeHeldUp || isLong);
      newestMs = Math.max(newestMs, lastMs);
      return isDoubtful;
    },
  };
}
