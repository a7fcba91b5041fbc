import type { PullOptions } from './engine';
import { PullSilentError } from './errors';
import { readPullStream } from './pull-stream';

/**
 * Runs a pull to its end and gives it up when nothing at all arrives for `silenceMs`, be it before the answer begins, in a
 * download or in an extraction. There is no limit to the whole: a large image may take hours.
 *
 * @param open sends the request; the signal that it gets ends the request and its answer.
 * @throws {PullSilentError}, the errors of {@link readPullStream}, and the reason of `options.signal`.
 */
export async function watchedPull(
  reference: string,
  { silenceMs, signal, onProgress }: PullOptions,
  open: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>,
): Promise<void> {
  const request = new AbortController();
  const giveUp = (): void => request.abort(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  const silence = setTimeout(() => request.abort(new PullSilentError(reference, silenceMs)), silenceMs);
  try {
    const chunks = await open(request.signal);
    for await (const progress of readPullStream(onEach(chunks, () => silence.refresh()))) onProgress?.(progress);
  } catch (error) {
    // Why we ended it says more than how it then broke off.
    request.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', giveUp);
  }
}

async function* onEach<T>(items: AsyncIterable<T>, act: () => void): AsyncGenerator<T, void, undefined> {
  for await (const item of items) {
    act();
    yield item;
  }
}
