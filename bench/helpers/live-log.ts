import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 5;
const TAIL_BYTES = 1024;

/** Path of the live log of a run below a data folder. */
export function liveLog(data: string, runId: string): string {
  return join(data, 'logs', `training_${runId}.log`);
}

/** Waits until the end of a log says so, and returns when that was, in milliseconds since 1970. */
export async function whenLogEnds(path: string, says: (lastLine: string) => boolean): Promise<number> {
  for (;;) {
    const line = lastLine(path);
    if (line !== undefined && says(line)) return Date.now();
    await sleep(POLL_MS);
  }
}

/** The last whole line of a file; undefined where it has none. */
export function lastLine(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.toString().split('\n').at(-2);
  } finally {
    closeSync(file);
  }
}
