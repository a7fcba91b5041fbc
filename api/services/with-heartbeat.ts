/** What an iterable gives, and `heartbeat` whenever it gave nothing for `everyMs`. */
export async function* withHeartbeat<T>(
  source: AsyncIterable<T>,
  everyMs: number,
): AsyncGenerator<T | 'heartbeat', void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const outcome = await within(next, everyMs);
      if (outcome === 'late') {
        yield 'heartbeat';
        continue;
      }
      next = undefined;
      if (outcome.done) return;
      yield outcome.value;
    }
  } finally {
    // Its outcome is for nobody when the reader leaves; unhandled, a rejection would end the process.
    next?.catch(() => undefined);
    await iterator.return?.();
  }
}

/** What a promise gives, or `late` where that takes longer. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
