import type { LogRecord } from '../docker/engine';
import type { LogWriter } from '../store/log-store';
import { leastJsonFileBytes } from './json-file-size';

type Stored = Pick<LogWriter, 'resume'>;

export interface BeginningCheck {
  /** A reading begins where `stored` says, as one before was broken off: what comes again from there on counts once. */
  resume(stored: Stored): void;
  /**
   * Takes the records of a read, which are stored by now, or wait for the end of their line. The time of the first of all, where lines
   * before it may be missing and that is not noted yet.
   */
  pass(records: readonly LogRecord[], stored: Stored): string | null;
  /** That is noted now. */
  noted(): void;
}

/**
 * Tells whether the beginning of a log may have been thrown away before anybody read it. Nothing is stored yet to compare
 * with; but an engine that held less than it keeps, when the reading began, has thrown nothing away. Where the reading is broken off, those
 * after it go on with what it held.
 *
 * @param beganMs when the reading began, by the clock of the engine.
 * @param isWhole true where it is certain that nothing was thrown away by now.
 */
export function createBeginningCheck(keptBytes: number, beganMs: number, isWhole: () => boolean): BeginningCheck {
  let first: string | null = null;
  let bytes = 0;
  /** Where the next reading would begin. */
  let place = { since: '', bytesBefore: 0 };
  let isCounted = false;
  let isNoted = false;

  const count = (records: readonly LogRecord[], last: LogRecord, { resume }: Stored): void => {
    // The reading has its files open by now.
    isCounted = (first === null && isWhole()) || Date.parse(last.time) > beganMs;
    first ??= records[0]!.time;
    bytes += leastJsonFileBytes(records);
    if (resume !== null && resume.since > place.since) {
      // All that the engine has before such a place is of earlier times. It is mostly near the end.
      const again = records.slice(records.findIndex(({ time }) => time >= resume.since));
      place = { since: resume.since, bytesBefore: bytes - leastJsonFileBytes(again) };
    }
    isCounted ||= bytes >= keptBytes;
  };

  return {
    resume: ({ resume }) => {
      if (!isCounted && (resume?.since ?? '') === place.since) bytes = place.bytesBefore;
    },
    pass: (records, stored) => {
      const last = records.at(-1);
      if (last === undefined || isNoted) return null;
      if (!isCounted) count(records, last, stored);
      return isCounted && bytes >= keptBytes ? first : null;
    },
    noted: () => {
      isNoted = true;
    },
  };
}
