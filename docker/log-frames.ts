import { normaliseTime } from './engine-time';
import type { LogRecord } from './engine';
import { EngineError, EngineUnavailableError } from './errors';

/**
 * The log stream of a container without a terminal: frames of a header of eight bytes (stream, three zeros, length of the
 * payload as a big-endian number) and a payload. With `timestamps=1` a payload is an RFC 3339 time, a space, and one record:
 * a line with its end, or a piece of a line longer than 16 KiB without one.
 */
const HEADER_BYTES = 8;

/** The engine cuts records at 16 KiB; a length far above that means that what we read are no frames. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** `2006-01-02T15:04:05.000000000+00:00` */
const MAX_TIME_BYTES = 35;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
/** What stands at each place of the form of {@link LogRecord.time}; 0 where it is a digit. */
const SIGNS = Buffer.from('0000-00-00T00:00:00.000000000Z').map((sign) => (sign === DIGIT_0 ? 0 : sign));
const NORMAL_TIME_BYTES = SIGNS.length;

const STDOUT = 1;
const STDERR = 2;
/** In which the engine tells of its own failure to read the log. */
const SYSTEM_ERROR = 3;

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** One parser per stream. It holds at most one unfinished frame, and takes time in proportion to the bytes, however they are cut. */
export interface FrameParser {
  /**
   * The records that are complete with this chunk. They may share its memory.
   *
   * @throws {EngineError} if the stream holds an error of the engine, or is not made of such frames.
   */
  push(chunk: Buffer): LogRecord[];
  /**
   * The stream has ended.
   *
   * @throws {EngineUnavailableError} where that is within a frame.
   */
  end(): void;
}

export function createFrameParser(): FrameParser {
  const gatherer = createGatherer();
  let header: Buffer | null = null;
  const push = (chunk: Buffer): LogRecord[] => {
    const records: LogRecord[] = [];
    const cursor = { chunk, at: 0 };
    for (;;) {
      if (header === null && !gatherer.hasBegun()) takeWhole(cursor, records);
      header ??= gatherer.take(cursor, HEADER_BYTES);
      const payload = header && gatherer.take(cursor, payloadLength(header, 0));
      if (!header || !payload) return records;
      records.push(toRecord(header[0], payload, 0, payload.length));
      header = null;
    }
  };
  const end = (): void => {
    if (header === null && !gatherer.hasBegun()) return;
    throw new EngineUnavailableError('the log stream of the Docker Engine broke off in a record');
  };
  return { push, end };
}

/** Takes the frames that lie whole in the chunk, as nearly all do, without an object for any part of them. */
function takeWhole(cursor: Cursor, records: LogRecord[]): void {
  const { chunk } = cursor;
  while (chunk.length - cursor.at >= HEADER_BYTES) {
    const start = cursor.at + HEADER_BYTES;
    const end = start + payloadLength(chunk, cursor.at);
    if (end > chunk.length) return;
    records.push(toRecord(chunk[cursor.at], chunk, start, end));
    cursor.at = end;
  }
}

interface Cursor {
  chunk: Buffer;
  at: number;
}

/** Gathers runs of bytes out of chunks; copies only those that do not lie whole in one chunk. */
function createGatherer() {
  let partial: Buffer | null = null;
  let filled = 0;
  /** The next `length` bytes; null where the chunk ends first: the same call with the next chunk goes on. */
  const take = (cursor: Cursor, length: number): Buffer | null => {
    const { chunk, at } = cursor;
    if (partial === null && chunk.length - at >= length) {
      cursor.at += length;
      return chunk.subarray(at, at + length);
    }
    if (at === chunk.length) return null;
    partial ??= Buffer.allocUnsafe(length);
    const copied = chunk.copy(partial, filled, at);
    cursor.at += copied;
    filled += copied;
    if (filled < length) return null;
    const whole = partial;
    partial = null;
    filled = 0;
    return whole;
  };
  return { take, hasBegun: () => partial !== null };
}

function payloadLength(bytes: Buffer, at: number): number {
  const stream = bytes[at]!;
  const length = bytes.readUInt32BE(at + 4);
  if (stream < STDOUT || stream > SYSTEM_ERROR || length > MAX_PAYLOAD_BYTES) {
    const header = bytes.toString('hex', at, at + HEADER_BYTES);
    throw new EngineError(`not a log stream of frames: header ${header}`, undefined);
  }
  return length;
}

/** The record whose payload lies from `start` to `end`. */
function toRecord(stream: number | undefined, bytes: Buffer, start: number, end: number): LogRecord {
  if (stream === SYSTEM_ERROR) {
    throw new EngineError(`the engine cannot read the log: ${bytes.toString('utf8', start, end).trim()}`, undefined);
  }
  const isNormal = beginsWithNormalTime(bytes, start, end);
  const timeEnd = isNormal ? start + NORMAL_TIME_BYTES : firstSpace(bytes, start, end);
  const text = bytes.toString('latin1', start, timeEnd);
  const time = isNormal ? text : normaliseTime(text);
  if (time === undefined) {
    const beginning = JSON.stringify(bytes.toString('utf8', start, Math.min(end, start + 100)));
    throw new EngineError(`a log record without a time: ${beginning}`, undefined);
  }
  const complete = bytes[end - 1] === NEWLINE;
  return {
    time,
    stream: stream === STDERR ? 'stderr' : 'stdout',
    data: bytes.subarray(timeEnd + 1, complete ? end - 1 : end),
    complete,
  };
}

/** Engines write the form that we want, so mostly it need only be recognised. */
function beginsWithNormalTime(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= NORMAL_TIME_BYTES || bytes[start + NORMAL_TIME_BYTES] !== SPACE) return false;
  for (let index = 0; index < NORMAL_TIME_BYTES; index += 1) {
    const byte = bytes[start + index]!;
    const sign = SIGNS[index]!;
    if (sign === 0 ? byte < DIGIT_0 || byte > DIGIT_9 : byte !== sign) return false;
  }
  return true;
}

/** Where the space after a time is; the start where there is none. */
function firstSpace(bytes: Buffer, start: number, end: number): number {
  const space = bytes.subarray(start, Math.min(end, start + MAX_TIME_BYTES + 1)).indexOf(SPACE);
  return start + Math.max(0, space);
}
