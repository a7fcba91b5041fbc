import type { ContainerFiles, EngineLogEnd } from '../docker/container-files';
import type { LogRecord } from '../docker/engine';
import { leastMsToWrite } from './backlog-meter';
import { isSetBack, newestMs } from './clock-step';

/** By how much the time of a file may be before that of its last record: the kernel's clock for files goes in steps. */
const STEP_MS = 20;
/**
 * By how much it may be after that of the first record in the next file: that one's time is cut to milliseconds here, and where the other
 * stream fills the file, the engine may have given it that time before. No file is filled within both together, so
 * none that was gone through seems to have been left out.
 */
export const NEXT_MS = 5;

/**
 * Tells where a follow has left out a file of the engine's log. A follower moves from the end of a file to the newest (moby,
 * daemon/logger/loggerutils/follow.go, "file rotations were missed") and tells nobody. But each file was changed last when its last
 * record was written: where two files ended between one record and the next, all of the second is missing. Of files that came and
 * went unseen, as this process stood still, at least one ended, and more if there was the time for it.
 *
 * Where the clock was set back between two records, the times of files do not tell what lies between them.
 *
 * @param lookedUp places of the log that were doubted before, and read without follow since; goes on here. A follow that is taken up again may
 *   come by them once more.
 * @returns takes the records of a read, in their order. True where a file is missing among them, or right before them, or may be.
 */
export function createLeftOutFiles(
  files: ContainerFiles,
  lookedUp: Set<string>,
): (records: readonly LogRecord[]) => boolean {
  let beforeMs: number | undefined;

  const isNew = (place: string): boolean => {
    const is = !lookedUp.has(place);
    lookedUp.add(place);
    return is;
  };

  return (records) => {
    const { ends, fileBytes } = files.log();
    const fillingMs = leastMsToWrite(fileBytes);
    const mayHaveEnded = (lastMs: number, nextMs: number): number => {
      const between = { fromMs: lastMs - STEP_MS, toMs: nextMs + NEXT_MS };
      return ends.reduce((sum, end) => sum + endsBetween(end, between, fillingMs), 0);
    };
    if (records.length === 0) return false;
    beforeMs ??= Date.parse(records[0]!.time);
    const { oldest, newest } = boundsOf(records);
    const lastMs = Math.max(beforeMs, Date.parse(newest));
    // Nearly always all of them lie in one file.
    if (!isSetBack(lastMs, Date.parse(oldest)) && mayHaveEnded(beforeMs, lastMs) < 2) {
      beforeMs = lastMs;
      return false;
    }
    let isLeftOut = false;
    for (const { time } of records) {
      const ms = Date.parse(time);
      const isDoubtful = isSetBack(beforeMs, ms) || mayHaveEnded(beforeMs, ms) >= 2;
      if (isDoubtful && isNew(`${beforeMs} ${time}`)) isLeftOut = true;
      beforeMs = newestMs(beforeMs, ms);
    }
    return isLeftOut;
  };
}

/** As texts: times of records have one form, and to parse each takes long. */
function boundsOf(records: readonly LogRecord[]): { oldest: string; newest: string } {
  let oldest = records[0]!.time;
  let newest = oldest;
  for (const { time } of records) {
    if (time > newest) newest = time;
    else if (time < oldest) oldest = time;
  }
  return { oldest, newest };
}

function endsBetween(end: EngineLogEnd, { fromMs, toMs }: EngineLogEnd, fillingMs: number): number {
  if (end.toMs <= fromMs || end.fromMs >= toMs) return 0;
  return Math.min(end.toMs, toMs) - Math.max(end.fromMs, fromMs) > fillingMs ? 2 : 1;
}
