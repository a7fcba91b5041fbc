import type { FollowContainerInput } from '../contract/activities';
import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';

const PATIENCE_MS = 10_000;

/**
 * When a container last wrote a line, by the clock of its engine, in milliseconds since 1970; 0 where it wrote none. Of a
 * local process only the time of its silence is looked at.
 */
export async function lastLineAt(
  engine: Pick<Engine, 'readLogs'>,
  { containerId, asProcess, silenceMs }: FollowContainerInput & { silenceMs: number },
  nowMs: number,
): Promise<number> {
  // An engine finds the end of its log at once, and a process finds a time.
  const place = asProcess ? { since: logTime(nowMs - silenceMs) } : { tail: 1 };
  const signal = timeLimit(PATIENCE_MS);
  for await (const records of engine.readLogs(containerId, { follow: false, ...place, signal })) {
    const newest = records.at(-1);
    if (newest !== undefined) return Date.parse(newest.time);
  }
  return 0;
}

function logTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000000Z');
}
