import type { LogRecord } from '../docker/engine';

/** What json-file writes around a record: `{"log":"` … `","stream":"stdout","time":"` … `"}` and a line end. */
const FRAME_BYTES = '{"log":"","stream":"stdout","time":""}\n'.length;
/** The line end of a complete record, as JSON has it. */
const LINE_END_BYTES = 2;
const ESCAPED = 6;

/** How many bytes of JSON each byte of a text takes (moby, daemon/logger/jsonfilelog/jsonlog). */
const JSON_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ('"\\\n\r'.includes(String.fromCharCode(byte))) return 2;
  return byte < 0x20 || '<>&'.includes(String.fromCharCode(byte)) ? ESCAPED : 1;
});

/** Bytes that characters begin with which may be escaped in the log, and how much longer that would be. */
const MAY_BE_ESCAPED = new Set([0xe2, 0xef]);
const LONGER = 3;

/** What records take in the engine's log, in bytes; it may be more by `doubt`. */
export interface EngineLogBytes {
  bytes: number;
  doubt: number;
}

/**
 * Counts exactly, but for two kinds of characters: bytes that were no UTF-8 come as U+FFFD and look like one that was printed,
 * and U+2028 is seldom worth to be told from what begins like it.
 */
export function engineLogBytes(records: readonly LogRecord[]): EngineLogBytes {
  let bytes = 0;
  let doubt = 0;
  for (const { data, time, complete } of records) {
    bytes += FRAME_BYTES + timeLength(time) + (complete ? LINE_END_BYTES : 0);
    for (let index = 0; index < data.length; index += 1) {
      const byte = data[index]!;
      bytes += JSON_BYTES[byte]!;
      if (byte > LAST_ASCII && MAY_BE_ESCAPED.has(byte)) doubt += LONGER;
    }
  }
  return { bytes, doubt };
}

const LAST_ASCII = 0x7f;
const ZERO = 0x30;

/** The engine leaves out zeros at the end of a fraction of a second. */
function timeLength(time: string): number {
  let last = time.length - 2;
  while (time.charCodeAt(last) === ZERO) last -= 1;
  return last + 2;
}

/** How much of a log was passed, in bytes of the engine's files, each record once. */
export interface PassedLog extends EngineLogBytes {
  /** Of the newest record. */
  time: string;
}

export const NOTHING_PASSED: PassedLog = { bytes: 0, doubt: 0, time: '' };

/** What was passed after these records of a read, too. */
export function passedWith(before: PassedLog, records: readonly LogRecord[]): PassedLog {
  const last = records.at(-1);
  // What is read again after an interruption was counted already.
  if (last === undefined || last.time <= before.time) return before;
  const { bytes, doubt } = engineLogBytes(records.filter(({ time }) => time > before.time));
  return { bytes: before.bytes + bytes, doubt: before.doubt + doubt, time: last.time };
}

/** By how much the records may be too few that were counted, as those out of order are not always. */
const UNCOUNTED = 0.01;

export function mostPassedBytes({ bytes, doubt }: PassedLog): number {
  return bytes * (1 + UNCOUNTED) + doubt;
}
