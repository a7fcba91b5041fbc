import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const KEPT_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/** Opens the log of a part to append to it. One that has grown over 16 MiB is set aside first as `<file>.1`. */
export function openPartLog(file: string): number {
  if (existsSync(file) && statSync(file).size > KEPT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}

/** How long the file is now: where a part that starts now begins to write. */
export function partLogSize(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** The last lines that were written after `since` (bytes), for a message that tells why a part did not start. */
export function lastLines(file: string, since: number, count: number): string[] {
  if (!existsSync(file)) return [];
  const size = statSync(file).size;
  const from = Math.max(since > size ? 0 : since, size - TAIL_BYTES);
  const bytes = Buffer.alloc(size - from);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, bytes, 0, bytes.length, from);
  } finally {
    closeSync(descriptor);
  }
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
