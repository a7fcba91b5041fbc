import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { pruneCheckpoints } from './checkpoints';

export interface CheckpointKeeperDeps {
  config: Pick<Config, 'data'>;
  log: Logger;
  /** Default: a minute. */
  checkpointLookMs?: number;
}

const LOOK_EVERY_MS = 60_000;

/**
 * Looks again and again for checkpoints of a run that need not be kept, while the run goes on and writes more of them.
 *
 * @returns stop, which resolves when no look is under way.
 */
export function startCheckpointKeeper(deps: CheckpointKeeperDeps, runId: string, keep: number): () => Promise<void> {
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => {
    looking ??= keepNewest(deps, runId, keep).finally(() => {
      looking = null;
    });
  }, deps.checkpointLookMs ?? LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** Removes the checkpoints of a run beyond the newest. What cannot be removed holds up no run. */
export async function keepNewest({ config, log }: CheckpointKeeperDeps, runId: string, keep: number): Promise<void> {
  try {
    await pruneCheckpoints(config.data, runId, keep);
  } catch (error) {
    log.warn({ err: error, runId }, 'Old checkpoints cannot be removed now; the next look tries again');
  }
}
