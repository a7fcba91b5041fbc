import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

import type { Interrupts } from './interrupts';

/** Sleeps; false where its scope was cancelled first. */
export async function cancellableSleep(delayMs: number): Promise<boolean> {
  try {
    await sleep(delayMs);
    return true;
  } catch (error) {
    if (isCancellation(error)) return false;
    throw error;
  }
}

/** Sleeps until a run is asked to stop or to wait, and takes the timer away then. */
export async function sleepUnlessStopped(
  life: { interrupts: Pick<Interrupts, 'requested'> },
  delayMs: number,
): Promise<void> {
  await sleepUnless(delayMs, life.interrupts.requested);
}

/** Sleeps until something else comes first, and takes the timer away then. */
export async function sleepUnless(delayMs: number, cut: Promise<unknown>): Promise<void> {
  const timer = new CancellationScope();
  const sleeping = timer.run(async () => cancellableSleep(delayMs));
  await Promise.race([sleeping, cut]);
  timer.cancel();
  await sleeping;
}
