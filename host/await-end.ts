import { setTimeout as sleep } from 'node:timers/promises';

import { timeLimit } from '../contract/time-limit';
import type { ContainerInfo, Engine } from '../docker/engine';
import { EngineUnavailableError, NotFoundError } from '../docker/errors';
import { isAlive } from './container-state';

/** How often a container is looked at although nothing was heard of it. */
const LOOK_EVERY_MS = 15_000;
/** How long an engine that does not answer is left alone. */
const ENGINE_RETRY_MS = 1000;

/**
 * Waits until a container has ended, over an engine that goes away and comes back. What the engine says on inspection is
 * the truth; its answer to `wait` is only the sign to look, and a look now and then the backstop where it is lost.
 *
 * @param onLook told of each look before the end: that the container is alive, or that the engine does not answer.
 * @returns what the container is then; null where it is gone.
 * @throws the reason of `signal`.
 */
export async function awaitEnd(
  engine: Engine,
  containerId: string,
  signal: AbortSignal,
  onLook: (look: 'alive' | 'away') => void = () => {},
): Promise<ContainerInfo | null> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const info = await engine.inspectContainer(containerId);
      if (info === null || !isAlive(info)) return info;
      onLook('alive');
      await waitAWhile(engine, containerId, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NotFoundError) continue;
      if (!(error instanceof EngineUnavailableError)) throw error;
      onLook('away');
      await sleep(ENGINE_RETRY_MS, undefined, { signal });
    }
  }
}

async function waitAWhile(engine: Engine, containerId: string, signal: AbortSignal): Promise<void> {
  const look = timeLimit(LOOK_EVERY_MS);
  try {
    await engine.waitContainer(containerId, AbortSignal.any([signal, look]));
  } catch (error) {
    if (signal.aborted || !look.aborted) throw error;
  }
}
