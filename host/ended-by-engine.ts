import { setTimeout as sleep } from 'node:timers/promises';

import type { ContainerInfo, Engine } from '../docker/engine';
import { EngineUnavailableError } from '../docker/errors';
import { endedByEngine } from '../policy/engine-restart';

/** How long an engine that does not answer is left alone. */
const ENGINE_RETRY_MS = 1000;

/**
 * Asks the engine whether it was the engine that ended a container; see policy/engine-restart.
 *
 * @param known what was seen before the end: whether the engine was away when it was last asked, and whether it had
 *   live-restore (null: nobody saw).
 * @throws the reason of `signal`.
 */
export async function wasEndedByEngine(
  engine: Pick<Engine, 'recall'>,
  { id, exitCode }: ContainerInfo,
  known: { awayBefore: boolean; liveRestore: boolean | null },
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const recall = await engine.recall(id);
      const liveRestoreBefore = known.liveRestore ?? recall.liveRestore;
      return endedByEngine({ exitCode, ...recall, liveRestoreBefore, awayBefore: known.awayBefore });
    } catch (error) {
      if (!(error instanceof EngineUnavailableError)) throw error;
      await sleep(ENGINE_RETRY_MS, undefined, { signal });
    }
  }
}
