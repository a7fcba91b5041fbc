/**
 * Passes on what `source` gives. Each time it is silent for `silenceMs` (undefined: never) `giveUp` is asked; when it
 * answers true, the reading ends, and the caller aborts the source.
 */
export async function* readWithSilence<T>(
  source: AsyncIterable<T>,
  silenceMs: number | undefined,
  giveUp: () => Promise<boolean>,
): AsyncGenerator<T, void> {
  if (silenceMs === undefined) {
    yield* source;
    return;
  }
  const reader = source[Symbol.asyncIterator]();
  for (;;) {
    const result = await nextOr(reader, silenceMs, giveUp);
    if (result === null || result.done) return;
    yield result.value;
  }
}

/** The next of a source; null where it was given up. */
async function nextOr<T>(
  reader: AsyncIterator<T>,
  silenceMs: number,
  giveUp: () => Promise<boolean>,
): Promise<IteratorResult<T> | null> {
  const next = reader.next();
  const arrival: Arrival = { hasCome: false, wake: () => {} };
  const come = (): void => {
    arrival.hasCome = true;
    arrival.wake();
  };
  // Once, and not at each silence: a source may be silent for weeks, and what is attached to its read stays until it gives
  // something. A read that is given up fails when its source is aborted, and nobody waits for it any more.
  next.then(come, come);
  for (;;) {
    await comesWithin(arrival, silenceMs);
    if (arrival.hasCome) return next;
    if (await giveUp()) return null;
  }
}

interface Arrival {
  hasCome: boolean;
  /** Wakes whoever waits for it. */
  wake: () => void;
}

/** Resolves when it has come, at the latest after that time. There is one for each read of a log, so it makes no more objects than it must. */
function comesWithin(arrival: Arrival, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    arrival.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
