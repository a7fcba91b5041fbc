import { setTimeout as sleep } from 'node:timers/promises';

/**
 * False where the time was over first.
 *
 * @throws what the work fails with, and the reason of `signal`.
 */
export async function settlesWithin(work: Promise<unknown>, ms: number, signal: AbortSignal): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: AbortSignal.any([signal, timer.signal]), ref: false });
  return Promise.race([work.then(() => true), late]).finally(() => timer.abort());
}
