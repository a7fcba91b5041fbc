import type { LogRecord } from '../docker/engine';
import { leastMsToWrite } from './backlog-meter';
import { mostPassedBytes, passedWith, type PassedLog } from './engine-log-bytes';

export interface LeftOutDoubtDeps {
  /** The size at which a file of the engine is full. */
  fileBytes: number;
  /** True where this process has seen the log from its beginning. */
  fromBeginning: boolean;
  /** What it has seen of it so far, in all readings; goes on here with what is believed. */
  seen: { log: PassedLog };
  /** The time by the clock of the engine, in milliseconds since 1970. */
  now: () => number;
}

/** By how much a file may be larger than its size: it ends with a whole record. */
const LARGER_BYTES = 262_144;

/**
 * Tells where a follow may have left out a file of the engine's log, where these cannot be seen: by the times of its records and by when
 * they came. A follower moves from the end of a file to the newest, so what it leaves out is whole files, and for each of them its engine
 * needs a while, however fast it is. So records without such a pause between them are all there. With one, nothing was left out
 *
 * - where the record before it came in less than that time: the follower was not behind by a file then. This is certain but for one that got to
 *   the end of a file in time and was held up there for as long as the container filled the next;
 * - where the log is known from its beginning, and what was passed does not fill the first file. Where it just ends a file, not even a
 *   record that came in time is believed.
 *
 * How many records come together says nothing: an engine that lacks processors brings them one by one, and late.
 *
 * @returns takes the records of a read, in their order. True where a file may be missing among them, or right before them.
 */
export function createLeftOutDoubt({
  fileBytes,
  fromBeginning,
  seen,
  now,
}: LeftOutDoubtDeps): (records: readonly LogRecord[]) => boolean {
  const fillingMs = leastMsToWrite(fileBytes);
  // What was written before that comes from files that the follower holds open.
  const beginMs = now();
  let newestMs: number | undefined;
  let wasLate = false;

  return (records) => {
    const arrivedMs = now();
    const before = seen.log;
    const after = passedWith(before, records);
    const isSure = fromBeginning && mostPassedBytes(after) < fileBytes;
    const mayEnd = fromBeginning && mayEndFile(before.bytes, mostPassedBytes(after), fileBytes);
    let isDoubtful = false;
    for (const { time } of records) {
      const ms = Date.parse(time);
      const isPause = newestMs !== undefined && ms - Math.max(newestMs, beginMs) > fillingMs;
      isDoubtful ||= isPause && !isSure && (wasLate || mayEnd);
      newestMs = Math.max(newestMs ?? ms, ms);
      wasLate = arrivedMs - newestMs > fillingMs;
    }
    if (!isDoubtful) seen.log = after;
    return isDoubtful;
  };
}

/** True where a file may end within what was passed between two moments. */
function mayEndFile(least: number, most: number, fileBytes: number): boolean {
  const files = Math.floor(most / fileBytes);
  return files >= 1 && files * (fileBytes + LARGER_BYTES) >= least;
}
