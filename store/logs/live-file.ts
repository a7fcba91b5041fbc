import { open, type FileHandle } from 'node:fs/promises';

import { LogDiskFullError } from '../errors';
import { LOG_FILE_MODE, syncFolder } from './rotation';
import type { LogPaths } from './segments';

/** The live file, open to append. It holds whole lines only, whatever fails. */
export interface LiveFile {
  readonly sizeBytes: number;
  /** Writes all of the data or, where that fails, none of it. */
  append(data: Buffer): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the live file, made where it is missing. What comes after its last line end is cut off: a write that a crash tore. */
export async function openLiveFile({ folder, live }: LogPaths): Promise<LiveFile> {
  const handle = await open(live, 'a+', LOG_FILE_MODE);
  try {
    const { size } = await handle.stat();
    const sizeBytes = await endOfLastLine(handle, size);
    if (sizeBytes < size) await handle.truncate(sizeBytes);
    if (size === 0) await syncFolder(folder);
    return createLiveFile(handle, sizeBytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function createLiveFile(handle: FileHandle, initialBytes: number): LiveFile {
  let sizeBytes = initialBytes;
  let isTorn = false;

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async append(data) {
      if (isTorn) await cutBack();
      try {
        isTorn = true;
        await writeAll(handle, data);
      } catch (error) {
        await cutBack();
        throw error;
      }
      isTorn = false;
      sizeBytes += data.length;
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };

  /** Needs no room. Should it fail all the same, the next append tries again before it writes. */
  async function cutBack(): Promise<void> {
    await handle.truncate(sizeBytes);
    isTorn = false;
  }
}

async function writeAll(handle: FileHandle, data: Buffer): Promise<void> {
  for (let written = 0; written < data.length;) {
    const { bytesWritten } = await handle.write(data, written, data.length - written);
    written += bytesWritten;
  }
}

/** Disk full, quota used up, or over the greatest size of a file that the process may write. */
const NO_ROOM: unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** A {@link LogDiskFullError} where there is no room; any other error as it is. */
export function describeWriteError(error: unknown, path: string): unknown {
  return NO_ROOM.includes((error as NodeJS.ErrnoException).code) ? new LogDiskFullError(path, { cause: error }) : error;
}

const BLOCK_BYTES = 65_536;

async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const lineEnd = block.subarray(0, bytesRead).lastIndexOf('\n');
    if (lineEnd !== -1) return start + lineEnd + 1;
    end = start;
  }
  return 0;
}
