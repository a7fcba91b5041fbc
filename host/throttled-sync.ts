import type { LogWriter } from '../store/log-store';

export interface ThrottledSync {
  /** Something was appended: it is synced within the interval. */
  touch(): void;
  /** Waits for a sync under way and begins no other; throws what one of them failed with. */
  stop(): Promise<void>;
}

/** Syncs a writer at most once per interval, and never later than one interval after an append. */
export function createThrottledSync(writer: LogWriter, intervalMs = 1000): ThrottledSync {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let failure: Error | undefined;

  const sync = (): void => {
    timer = undefined;
    running = writer.sync().catch((error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error));
    });
  };

  return {
    touch: () => {
      timer ??= setTimeout(sync, intervalMs).unref();
    },
    stop: async () => {
      clearTimeout(timer);
      await running;
      if (failure !== undefined) throw failure;
    },
  };
}
