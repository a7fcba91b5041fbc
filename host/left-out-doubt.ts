import type { LogRecord } from '../docker/engine';
import { leastMsToWrite } from './backlog-meter';

export interface LeftOutDoubtDeps {
  /** The size at which a file of the engine is full. */
  fileBytes: number;
  /** What the engine can have written of the log at most, up to the records that are asked about; in bytes. */
  mostWrittenBytes: () => number;
}

/**
 * Tells where a follow may have left out a file of the engine's log, where these cannot be seen: by the times of its records. A follower
 * moves from the end of a file to the newest, so what it leaves out is whole files, and for each of them its engine needs a while,
 * however fast it is. So records without such a pause between them are all there, and so is a log that cannot have filled a file yet.
 *
 * Nothing else is a proof. How many records come together says nothing: an engine that lacks processors brings them one by one, and late. Nor
 * does it that they come in time: a follower that got to the end of a file so can be held up there while the container fills the next.
 *
 * @returns takes the records of a read, in their order. True where a file may be missing among them, or right before them: only a look
 *   at the log can tell (believed-records.ts).
 */
export function createLeftOutDoubt({
  fileBytes,
  mostWrittenBytes,
}: LeftOutDoubtDeps): (records: readonly LogRecord[]) => boolean {
  const fillingMs = leastMsToWrite(fileBytes);
  let lastMs: number | undefined;

  return (records) => {
    let isPause = false;
    for (const { time } of records) {
      const ms = Date.parse(time);
      // Back, too: the clock of an engine can be set.
      isPause ||= lastMs !== undefined && Math.abs(ms - lastMs) > fillingMs;
      lastMs = ms;
    }
    return isPause && mostWrittenBytes() >= fileBytes;
  };
}
