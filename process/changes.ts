import { watch, type FSWatcher } from 'node:fs';

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

/** A folder that is not there any more, or that the kernel does not watch for want of watches, is looked at every second. */
export function watchFolder(folder: string): Changes {
  let hasChanged = false;
  let wake = (): void => {};
  const watcher = startWatcher(folder, () => {
    hasChanged = true;
    wake();
  });

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

  return { next, close: () => watcher?.close() };
}

/** Null where there is none: it only makes waits shorter, without it they last their time. */
function startWatcher(folder: string, onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
