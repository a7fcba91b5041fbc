import { setTimeout as sleep } from 'node:timers/promises';

import type { AttemptIdentity } from '../contract/activities';
import type { Engine } from '../docker/engine';
import { EngineUnavailableError } from '../docker/errors';
import { withHeartbeat } from './host-heartbeat';

/** How long an engine that does not answer is left alone. */
const ENGINE_RETRY_MS = 1000;

/**
 * Returns as soon as the engine answers; that this runs at all shows that the worker of the host is there. A local process
 * needs no engine.
 */
export function reachHost(engine: Pick<Engine, 'info'>, { asProcess }: AttemptIdentity): Promise<void> {
  return withHeartbeat(
    () => undefined,
    async (signal) => {
      while (!asProcess && !(await answers(engine))) await sleep(ENGINE_RETRY_MS, undefined, { signal });
    },
  );
}

async function answers(engine: Pick<Engine, 'info'>): Promise<boolean> {
  try {
    await engine.info();
    return true;
  } catch (error) {
    if (error instanceof EngineUnavailableError) return false;
    throw error;
  }
}
