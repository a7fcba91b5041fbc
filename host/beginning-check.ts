import type { LogRecord } from '../docker/engine';
import { leastJsonFileBytes } from './json-file-size';

export interface BeginningCheck {
  /** Takes the records of a reading from the start; once, the time of the first, where lines before it may be missing. */
  pass(records: readonly LogRecord[]): string | null;
}

/**
 * Tells whether the beginning of a log may have been thrown away before anybody read it. Nothing is stored yet to compare
 * with; but an engine that held less than it keeps, when the reading began, has thrown nothing away.
 *
 * @param beganMs when the reading began, by the clock of the engine.
 * @param isWhole true where it is certain that nothing was thrown away by now.
 */
export function createBeginningCheck(keptBytes: number, beganMs: number, isWhole: () => boolean): BeginningCheck {
  let first: string | null = null;
  let bytes = 0;
  let isDone = false;
  return {
    pass: (records) => {
      const last = records.at(-1);
      if (isDone || last === undefined) return null;
      // The reading has its files open by now.
      isDone = (first === null && isWhole()) || Date.parse(last.time) > beganMs;
      first ??= records[0]!.time;
      bytes += leastJsonFileBytes(records);
      if (bytes < keptBytes) return null;
      isDone = true;
      return first;
    },
  };
}
