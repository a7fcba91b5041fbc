import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';

const PATIENCE_MS = 10_000;

/** When a container last wrote a line, by the clock of its engine, in milliseconds since 1970; 0 where it wrote none. */
export async function lastLineAt(engine: Pick<Engine, 'readLogs'>, containerId: string): Promise<number> {
  const signal = timeLimit(PATIENCE_MS);
  for await (const records of engine.readLogs(containerId, { follow: false, tail: 1, signal })) {
    const newest = records.at(-1);
    if (newest !== undefined) return Date.parse(newest.time);
  }
  return 0;
}
