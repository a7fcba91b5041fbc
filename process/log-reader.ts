import { open, type FileHandle } from 'node:fs/promises';

import type { LogRecord } from '../docker/engine';
import { decodeRecords, RECORD_END } from './log-format';

const CHUNK_BYTES = 256 * 1024;
/** How often a place is remembered. */
const PLACE_EVERY_BYTES = 4 * 1024 * 1024;

/** A place in a log that lies between two records, and the largest time before it. */
interface Place {
  at: number;
  newest: string;
}

/** Places in the logs of processes, so that a reader that takes a long log up again need not begin at its beginning. */
export interface LogPlaces {
  /** The last place before which all is earlier than the time. */
  before(id: string, time: string | undefined): Place;
  pass(id: string, place: Place): void;
  forget(id: string): void;
}

export function createLogPlaces(): LogPlaces {
  const places = new Map<string, Place[]>();
  const start: Place = { at: 0, newest: '' };
  return {
    before: (id, time = '') => places.get(id)?.findLast(({ newest }) => newest < time) ?? start,
    pass: (id, place) => {
      const known = places.get(id) ?? [];
      if (place.at - (known.at(-1)?.at ?? 0) >= PLACE_EVERY_BYTES) places.set(id, [...known, place]);
    },
    forget: (id) => void places.delete(id),
  };
}

export interface LogReading {
  id: string;
  path: string;
  since: string | undefined;
  /** Only the last this many records that there are at first. Not together with `since`. */
  tail?: number | undefined;
  places: LogPlaces;
}

/**
 * Reads the records of a log file that is being written, as far as they are whole, from `since` or `tail` on.
 *
 * @param more asked each time that the end is reached: resolves when there may be more, false where there will be none.
 */
export async function* readLogFile(
  { id, path, since = '', tail, places }: LogReading,
  more: () => Promise<boolean>,
): AsyncGenerator<LogRecord[], void, undefined> {
  const file = await open(path, 'r');
  try {
    let { at, newest } = tail === undefined ? places.before(id, since) : await placeOfTail(file, tail);
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = await readChunk(file, at + rest.length);
      if (chunk.length === 0) {
        if (await more()) continue;
        return;
      }
      const bytes = Buffer.concat([rest, chunk]);
      const { records, used } = decodeRecords(bytes);
      at += used;
      rest = bytes.subarray(used);
      for (const { time } of records) newest = time > newest ? time : newest;
      if (tail === undefined) places.pass(id, { at, newest });
      const wanted = records.filter(({ time }) => time >= since);
      if (wanted.length > 0) yield wanted;
    }
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
  return buffer.subarray(0, bytesRead);
}

/** The place before the last records, from the end: nothing in a record looks like the end of one. */
async function placeOfTail(file: FileHandle, records: number): Promise<Place> {
  let { size: at } = await file.stat();
  let left = records;
  while (at > 0) {
    const from = Math.max(0, at - CHUNK_BYTES);
    const chunk = (await readChunk(file, from)).subarray(0, at - from);
    for (
      let end = chunk.lastIndexOf(RECORD_END);
      end >= 0;
      end = end === 0 ? -1 : chunk.lastIndexOf(RECORD_END, end - 1)
    ) {
      if (left === 0) return { at: from + end + 1, newest: '' };
      left -= 1;
    }
    at = from;
  }
  return { at: 0, newest: '' };
}
