import type { LogStore } from '../../store/log-store';
import { until } from '../helpers/until';

/** Counts the lines that a follow hands out. */
export function countTaken(logStore: LogStore): { lines(): number; settled(): Promise<void>; restore(): void } {
  const original = logStore.follow;
  let count = 0;
  logStore.follow = async function* (runId, query) {
    for await (const batch of original(runId, query)) {
      count += batch.length;
      yield batch;
    }
  };
  return {
    lines: () => count,
    settled: async () => {
      let before = -1;
      await until(
        () => {
          const same = before === count;
          before = count;
          return same;
        },
        { everyMs: 300 },
      );
    },
    restore: () => {
      logStore.follow = original;
    },
  };
}
