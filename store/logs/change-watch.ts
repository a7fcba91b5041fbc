import { watch, type FSWatcher } from 'node:fs';

/** Notices that a file may have changed. */
export interface ChangeWatch {
  /** Resolves on a change since the wait before, after the time, or when the signal is aborted. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface State {
  path: string;
  watcher: FSWatcher | null;
  hasChanged: boolean;
  /** Ends the wait in progress, where there is one. */
  wake: () => void;
}

/**
 * Watches the file at a path: news of the kernel where it gives them, else whoever waits goes by the time alone. A file
 * that was renamed or removed is no longer the one at the path; the next wait watches the new one.
 */
export function watchFile(path: string): ChangeWatch {
  const state: State = { path, watcher: null, hasChanged: false, wake: () => {} };
  return {
    async wait(timeoutMs, signal) {
      start(state);
      if (!state.hasChanged && !signal.aborted) await pause(state, timeoutMs, signal);
      state.hasChanged = false;
    },
    close: () => stop(state),
  };
}

function start(state: State): void {
  if (state.watcher !== null) return;
  try {
    state.watcher = watch(state.path, { persistent: false }, (event) => {
      if (event === 'rename') stop(state);
      state.hasChanged = true;
      state.wake();
    }).on('error', () => stop(state));
  } catch {
    // There is no such file yet, or the kernel has no watch left: the time alone does it.
  }
}

function stop(state: State): void {
  state.watcher?.close();
  state.watcher = null;
}

function pause(state: State, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => state.wake(), timeoutMs);
    state.wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', state.wake);
      state.wake = () => {};
      resolve();
    };
    signal.addEventListener('abort', state.wake);
  });
}
