import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import type { Segment } from './segments';

/** A file read as blocks of whole lines. */
export interface LineSource {
  /**
   * The next whole lines, line ends included; valid until the next call. Null where there is no further whole line; a live
   * file may have one later.
   */
  next(): Promise<Buffer | null>;
  close(): Promise<void>;
}

export interface FileLineSource extends LineSource {
  /** Where the next line begins, in bytes. */
  readonly position: number;
}

const BLOCK_BYTES = 262_144;
const LINE_END = 10;

/** Lines of an open file. Its position stays at the start of a line that has no end yet, so a torn line may be cut. */
export function createFileSource(handle: FileHandle, start = 0): FileLineSource {
  let position = start;
  let buffer: Buffer | undefined;

  return {
    async next() {
      buffer ??= Buffer.allocUnsafe(BLOCK_BYTES);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(LINE_END) + 1;
        if (end > 0) {
          position += end;
          return buffer.subarray(0, end);
        }
        if (bytesRead < buffer.length) {
          // At rest, as a follow is most of the time, it holds no memory.
          buffer = undefined;
          return null;
        }
        buffer = Buffer.allocUnsafe(buffer.length * 2);
      }
    },
    close: () => handle.close(),
    get position() {
      return position;
    },
  };
}

/** Lines of a file that was set aside. Fails with ENOENT where it has just been replaced by its compressed form. */
export async function openSegment(segment: Segment): Promise<LineSource> {
  const handle = await open(segment.path, 'r');
  return segment.compressed ? createGzipSource(handle) : createFileSource(handle);
}

function createGzipSource(handle: FileHandle): LineSource {
  // A failure reaches the reader through the iteration, so the callback has nothing to do.
  const stream = pipeline(
    createReadStream('', { fd: handle, highWaterMark: BLOCK_BYTES }),
    createGunzip({ chunkSize: BLOCK_BYTES }),
    () => {},
  );
  const blocks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer[] = [];

  return {
    async next() {
      for (;;) {
        const { value: block, done } = await blocks.next();
        if (done === true) return null;
        const end = block.lastIndexOf(LINE_END) + 1;
        if (end > 0) {
          const lines = Buffer.concat([...rest, block.subarray(0, end)]);
          rest = [block.subarray(end)];
          return lines;
        }
        rest.push(block);
      }
    },
    async close() {
      await blocks.return?.();
      stream.destroy();
    },
  };
}
