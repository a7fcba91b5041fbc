import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { SilenceReport } from '../contract/notice';
import type { RunLimits } from './limits';
import type { RunLife } from './run-life';

/**
 * Calls what follows a container with the silence that it may keep; where that is changed meanwhile, it is called again.
 * To follow is only to look on, so the container does not notice.
 *
 * @param follow given what its input needs of it.
 */
export async function followWithSilence<T>(
  limits: RunLimits,
  follow: (silence: { silenceMs?: number }) => Promise<T>,
): Promise<T> {
  for (;;) {
    const { silenceMs } = limits;
    const scope = new CancellationScope();
    const following = scope.run(async () => follow(silenceMs === null ? {} : { silenceMs }));
    const isOver = following.then(
      () => true,
      () => true,
    );
    let isObsolete = false;
    while (!isObsolete && !(await Promise.race([isOver, limits.changed().then(() => false)]))) {
      isObsolete = limits.silenceMs !== silenceMs;
    }
    if (isObsolete) scope.cancel();
    try {
      return await following;
    } catch (error) {
      if (!isObsolete || !isCancellation(error)) throw error;
    }
  }
}

/** Ends the attempt of a container that has been silent for too long; one that runs no more, or may be silent longer, is left. */
export function endSilent({ run, limits, interrupts }: RunLife, { attempt, silenceMs, since }: SilenceReport): void {
  if (run.state !== 'running' || attempt !== run.attempt || silenceMs !== limits.silenceMs) return;
  interrupts.endAttempt({
    reason: 'silent',
    detail: { timeout: limits.timeouts.silence!, detail: `It has been silent since ${since}.` },
  });
}
