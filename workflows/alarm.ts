import { CancellationScope } from '@temporalio/workflow';

import { cancellableSleep } from './sleep';

/**
 * One timer for a time that is asked for again and again. Each timer is an event of the history, so one that comes first is
 * left as it is: whoever waits looks again and asks anew.
 */
export class Alarm {
  private set: { atMs: number; scope: CancellationScope; rings: Promise<void> } | null = null;

  /** Resolves at the time, or before it. */
  at(atMs: number): Promise<void> {
    if (this.set !== null && this.set.atMs <= atMs) return this.set.rings;
    this.set?.scope.cancel();
    const scope = new CancellationScope();
    const set = { atMs, scope, rings: scope.run(async () => this.ring(atMs)) };
    this.set = set;
    return set.rings;
  }

  private async ring(atMs: number): Promise<void> {
    const isOver = await cancellableSleep(Math.max(1, atMs - Date.now()));
    if (isOver) this.set = null;
    else await new Promise(() => {});
  }
}
