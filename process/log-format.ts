import type { LogRecord } from '../docker/engine';

/**
 * The log of a local process: records one after another, each a header of one fixed length in ASCII, the bytes as they were
 * printed, and a line's end that is only for people:
 *
 *     2026-11-24T03:42:31.123456789Z o. 00005 hello
 *
 * `o` or `e` is the stream; `.` ends a line, `+` is a piece of one that goes on; then comes the number of bytes.
 */
const TIME_BYTES = 30;
const STREAM_AT = 31;
const END_AT = 32;
const LENGTH_AT = 34;
const HEADER_BYTES = 40;
/** There is none in what was printed, as records are lines, or pieces of lines. */
export const RECORD_END = 0x0a;

/** Longer lines are cut into pieces, as an engine cuts them. */
export const PIECE_BYTES = 16 * 1024;

export function encodeRecords(records: readonly LogRecord[]): Buffer {
  const size = records.reduce((sum, { data }) => sum + HEADER_BYTES + data.length + 1, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { time, stream, data, complete } of records) {
    const length = String(data.length).padStart(5, '0');
    at += bytes.write(`${time} ${stream === 'stdout' ? 'o' : 'e'}${complete ? '.' : '+'} ${length} `, at, 'latin1');
    at += data.copy(bytes, at);
    bytes[at] = RECORD_END;
    at += 1;
  }
  return bytes;
}

/**
 * The whole records at the beginning of some bytes, and how many bytes those are. A record whose end is missing is left for
 * later, or was cut off when its writer was killed.
 */
export function decodeRecords(bytes: Buffer): { records: LogRecord[]; used: number } {
  const records: LogRecord[] = [];
  let used = 0;
  for (;;) {
    const size = recordSize(bytes, used);
    if (size === null || used + size > bytes.length) return { records, used };
    records.push(decodeRecord(bytes.subarray(used, used + size)));
    used += size;
  }
}

function recordSize(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < HEADER_BYTES) return null;
  const length = Number(bytes.toString('latin1', at + LENGTH_AT, at + HEADER_BYTES - 1));
  return HEADER_BYTES + length + 1;
}

function decodeRecord(bytes: Buffer): LogRecord {
  return {
    time: bytes.toString('latin1', 0, TIME_BYTES),
    stream: bytes[STREAM_AT] === 'e'.charCodeAt(0) ? 'stderr' : 'stdout',
    complete: bytes[END_AT] === '.'.charCodeAt(0),
    data: bytes.subarray(HEADER_BYTES, bytes.length - 1),
  };
}
