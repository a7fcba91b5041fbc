import type { ContainerFiles } from '../docker/container-files';
import type { LogRecord } from '../docker/engine';

/** By how much the time of a file may be before that of its last record: the kernel's clock for files goes in steps. */
const STEP_MS = 20;

/**
 * Tells where a follow has left out a file of the engine's log. A follower moves from the end of a file to the newest (moby,
 * daemon/logger/loggerutils/follow.go, "file rotations were missed") and tells nobody. But each file was changed last when its last
 * record was written: where two files ended between one record and the next, all of the second is missing.
 *
 * @returns takes the records of a read, in their order. True where a file is missing among them, or right before them.
 */
export function createLeftOutFiles(files: ContainerFiles): (records: readonly LogRecord[]) => boolean {
  const ends = new Set<number>();
  let newestMs: number | undefined;

  const endedBetween = (fromMs: number, toMs: number): number =>
    [...ends].filter((endMs) => endMs > fromMs - STEP_MS && endMs < toMs).length;

  return (records) => {
    for (const { changedMs } of files.log().files.slice(1)) ends.add(changedMs);
    const times = records.map(({ time }) => Date.parse(time));
    let beforeMs = newestMs ?? times[0] ?? 0;
    newestMs = times.reduce((newest, ms) => Math.max(newest, ms), beforeMs);
    // Nearly always all of them lie in one file.
    if (endedBetween(beforeMs, newestMs) < 2) return false;
    for (const ms of times) {
      if (endedBetween(beforeMs, ms) >= 2) return true;
      beforeMs = Math.max(beforeMs, ms);
    }
    return false;
  };
}
