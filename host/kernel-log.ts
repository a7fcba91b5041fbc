import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

const KERNEL_LOG = '/dev/kmsg';
/** No record is longer; the kernel gives one with each read (Documentation/ABI/testing/dev-kmsg). */
const RECORD_BYTES = 8192;

/**
 * How often the kernel's log tells that a process of a container was killed for going over its memory limit. An engine gets to
 * know it from an event that is lost where the control group is gone before it is read, about once in 600 times on a busy
 * machine; what the kernel has written stays. It writes before it kills, and not of all where many are killed within seconds.
 *
 * @returns null where this process cannot read that log; 0 where the engine is on another machine, too.
 */
export async function kernelKills(containerId: string, path = KERNEL_LOG): Promise<number | null> {
  const log = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (log === null) return null;
  try {
    let kills = 0;
    for await (const record of recordsOf(log)) if (isKillWithin(containerId, record)) kills += 1;
    return kills;
  } catch {
    return null;
  } finally {
    await log.close();
  }
}

/** By the control group whose limit was reached: one below that of the container has its id in its path, too. */
export function isKillWithin(containerId: string, record: string): boolean {
  const [, group = ''] = /oom-kill:constraint=CONSTRAINT_MEMCG,.*?\boom_memcg=([^,]*)/.exec(record) ?? [];
  return group.includes(containerId);
}

async function* recordsOf(log: FileHandle): AsyncGenerator<string, void, undefined> {
  const buffer = Buffer.alloc(RECORD_BYTES);
  for (;;) {
    try {
      const { bytesRead } = await log.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.toString('utf8', 0, bytesRead);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return;
      // Records were overwritten meanwhile; the next read goes on with the oldest that is left.
      if (code !== 'EPIPE') throw error;
    }
  }
}
