import { CancellationScope, CancelledFailure } from '@temporalio/workflow';

/** One step that takes so long by the clock on the wall, in the scope of a cancel as those of a run are. */
export async function stand(ms: number): Promise<string> {
  return CancellationScope.nonCancellable(async () =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms),
  );
}

/** Waits until it is cancelled. */
export async function wait(): Promise<void> {
  await CancellationScope.current().cancelRequested.catch(() => undefined);
  throw new CancelledFailure('the cancel was heard');
}
