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

const STDOUT = 1;
const STDERR = 2;
/** In which the engine tells of its own failure to read the log. */
const SYSTEM_ERROR = 3;

const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Reads frames from the chunks of an answer; yields the records of each chunk together. It asks for a chunk only when its
 * consumer wants more, holds at most one unfinished frame, and takes time in proportion to the bytes, however the chunks
 * are cut.
 *
 * @throws {EngineUnavailableError} if the stream ends within a frame.
 * @throws {EngineError} if the stream holds an error of the engine, or is not made of such frames.
 */
export async function* readLogFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<LogRecord[], void, undefined> {
  const parser = createFrameParser();
  for await (const chunk of chunks) {
    const records = parser.push(chunk);
    if (records.length > 0) yield records;
  }
  if (!parser.atBoundary())
    throw new EngineUnavailableError('the log stream of the Docker Engine broke off in a record');
}

/** One parser per stream. */
export interface FrameParser {
  /** The records that are complete with this chunk. They may share its memory. */
  push(chunk: Buffer): LogRecord[];
  /** True where no frame is begun. */
  atBoundary(): boolean;
}

export function createFrameParser(): FrameParser {
  const gatherer = createGatherer();
  let header: Buffer | null = null;
  const push = (chunk: Buffer): LogRecord[] => {
    const records: LogRecord[] = [];
    const cursor = { chunk, at: 0 };
    for (;;) {
      header ??= gatherer.take(cursor, HEADER_BYTES);
      const payload = header && gatherer.take(cursor, payloadLength(header));
      if (!header || !payload) return records;
      records.push(toRecord(header[0], payload));
      header = null;
    }
  };
  return { push, atBoundary: () => header === null && !gatherer.hasBegun() };
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

function payloadLength(header: Buffer): number {
  const length = header.readUInt32BE(4);
  const [stream = 0] = header;
  if (stream < STDOUT || stream > SYSTEM_ERROR || length > MAX_PAYLOAD_BYTES) {
    throw new EngineError(`not a log stream of frames: header ${header.toString('hex')}`, undefined);
  }
  return length;
}

function toRecord(stream: number | undefined, payload: Buffer): LogRecord {
  if (stream === SYSTEM_ERROR) {
    throw new EngineError(`the engine cannot read the log: ${payload.toString('utf8').trim()}`, undefined);
  }
  const space = payload.subarray(0, MAX_TIME_BYTES + 1).indexOf(SPACE);
  const time = space < 0 ? undefined : normaliseTime(payload.toString('latin1', 0, space));
  if (time === undefined) {
    const start = JSON.stringify(payload.toString('utf8', 0, 100));
    throw new EngineError(`a log record without a time: ${start}`, undefined);
  }
  const complete = payload.at(-1) === NEWLINE;
  return {
    time,
    stream: stream === STDERR ? 'stderr' : 'stdout',
    data: payload.subarray(space + 1, complete ? payload.length - 1 : payload.length),
    complete,
  };
}
