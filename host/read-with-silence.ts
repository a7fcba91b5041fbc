import { setTimeout as sleep } from 'node:timers/promises';

import type { LogRecord } from '../docker/engine';

/** How far a reading has come, in records: the largest time, and how many records came since the first of that time. */
export interface Position {
  pass(records: readonly LogRecord[]): void;
  since(): string | undefined;
  recordsSince(): number;
}

export function createPosition(start: string | undefined): Position {
  let since = start;
  let count = 0;
  return {
    pass: (records) => {
      for (const { time } of records) {
        count = since === undefined || time > since ? 1 : count + 1;
        since = since === undefined || time > since ? time : since;
      }
    },
    since: () => since,
    recordsSince: () => count,
  };
}

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
    const timer = new AbortController();
    const silence = sleep(silenceMs, null, { signal: timer.signal });
    const result = await Promise.race([next, silence]).finally(() => timer.abort());
    if (result !== null) return result;
    if (await giveUp()) return null;
  }
}
