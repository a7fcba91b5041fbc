import { patched, upsertMemo } from '@temporalio/workflow';

import { MEMO } from '../contract/names';

/** Lease epoch of a run: grows with each lease that is given or revoked. */
export class LeaseEpoch {
  private epoch = 0;
  /**
   * Asked at the start: behind a local activity, a replay may ask in an earlier task than the answer was noted in, and go
   * another way.
   */
  private readonly isTold = patched('lease-epoch');

  /** The first epoch of a run needs no telling: it is what a run has that says nothing of it. */
  next(): number {
    this.epoch += 1;
    if (this.epoch > 1 && this.isTold) upsertMemo({ [MEMO.epoch]: this.epoch });
    return this.epoch;
  }
}
