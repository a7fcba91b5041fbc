import { watch } from 'node:fs';

/** How long the kernel's word is waited for at most; a change that it did not tell of is seen then. */
const LOOK_EVERY_MS = 1000;

/** Tells that something in a folder may have changed. */
export interface Changes {
  /**
   * Resolves on a change since the call before, or after 1 s.
   *
   * @throws the reason of `signal`.
   */
  next(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** @throws where there is no such folder. */
export function watchFolder(folder: string): Changes {
  let hasChanged = false;
  let wake = (): void => {};
  const watcher = watch(folder, { persistent: false }, () => {
    hasChanged = true;
    wake();
  });
  // It only makes waits shorter: without it they last their time.
  watcher.on('error', () => watcher.close());

  const next = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!hasChanged) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        signal.addEventListener('abort', wake, { once: true });
      });
      wake();
    }
    hasChanged = false;
    signal.throwIfAborted();
  };

  return { next, close: () => watcher.close() };
}
