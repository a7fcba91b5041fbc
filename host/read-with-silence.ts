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
  // A read that is given up fails when its source is aborted, and nobody waits for it any more.
  next.catch(() => undefined);
  for (;;) {
    const result = await orNull(next, silenceMs);
    if (result !== null) return result;
    if (await giveUp()) return null;
  }
}

/** Null where it takes longer than that. There is one for each read of a log, so it makes no more objects than it must. */
function orNull<T>(result: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    result.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
