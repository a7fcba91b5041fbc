import { open, type FileHandle } from 'node:fs/promises';

import { encodeRecords } from './log-format';
import type { Piece } from './pieces';
import { untilRoom } from './until-room';

/** In a millisecond. */
const NANOSECONDS = 1_000_000;

export interface LogWriter {
  /** Gives the pieces their times and writes them; resolves when a reader sees them. A full disk is waited for. */
  append(pieces: readonly Piece[]): Promise<void>;
  /** Makes all survive the loss of power, and closes. */
  close(): Promise<void>;
}

/** Opens the log of a process, which has one writer in all its life. */
export async function openLogWriter(path: string): Promise<LogWriter> {
  const file = await open(path, 'wx', 0o640);
  const timeOf = createClock();
  let size = 0;
  let last: Promise<void> = Promise.resolve();

  const write = async (pieces: readonly Piece[]): Promise<void> => {
    const bytes = encodeRecords(pieces.map((piece) => ({ ...piece, time: timeOf(piece.stream, piece.isFirst) })));
    await writeAt(file, bytes, size);
    size += bytes.length;
  };

  return {
    append: (pieces) => {
      if (pieces.length > 0) last = last.then(() => write(pieces));
      return last;
    },
    close: async () => {
      await last;
      await file.sync();
      await file.close();
    },
  };
}

/** Always at a place of its own, so that a write which failed in the middle is simply done again. */
async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await untilRoom(() => file.write(bytes, done, bytes.length - done, position + done));
    done += bytesWritten;
  }
}

/**
 * Times for records: each line has one that is later than all before it, whatever the clock does, so that a reader that
 * begins again at a time misses and doubles nothing. The pieces of a line share the time of the first.
 */
function createClock(now: () => number = Date.now): (stream: Piece['stream'], isFirst: boolean) => string {
  let newestMs = 0;
  let nanoseconds = 0;
  let prefix = '';
  const ofLine = { stdout: '', stderr: '' };

  const enter = (ms: number): void => {
    newestMs = ms;
    nanoseconds = 0;
    prefix = new Date(ms).toISOString().slice(0, -1);
  };

  return (stream, isFirst) => {
    if (!isFirst) return ofLine[stream];
    const ms = now();
    nanoseconds += 1;
    if (ms > newestMs) enter(ms);
    else if (nanoseconds === NANOSECONDS) enter(newestMs + 1);
    ofLine[stream] = `${prefix}${String(nanoseconds).padStart(6, '0')}Z`;
    return ofLine[stream];
  };
}
