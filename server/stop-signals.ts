export interface StopSignals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  asked: AbortSignal;
  /** Calls `handler` on the second: whoever asks twice does not want to wait. */
  onSecond(handler: () => void): void;
  /** Stops listening. */
  release(): void;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for the signals by which a person or an init stops a server. */
export function listenForStop(): StopSignals {
  const asked = new AbortController();
  let onSecond = (): void => undefined;
  const listener = (): void => {
    if (asked.signal.aborted) onSecond();
    asked.abort();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  return {
    asked: asked.signal,
    onSecond: (handler) => {
      onSecond = handler;
    },
    release: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, listener);
    },
  };
}
