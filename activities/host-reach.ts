import { setTimeout as sleep } from 'node:timers/promises';

import type { AttemptIdentity } from '../contract/activities';
import type { EngineHealth } from '../host/engine-health';
import { withHeartbeat } from './host-heartbeat';

/** How long an engine that does not answer is left alone. */
const ENGINE_RETRY_MS = 1000;

/**
 * Returns as soon as the engine answers; that this runs at all shows that the worker of the host is there. A local process
 * needs no engine. What is learned here all activities of the host know, so that none gives up for an absence that is over.
 */
export function reachHost(
  health: Pick<EngineHealth, 'ask' | 'awaySince'>,
  { asProcess }: AttemptIdentity,
): Promise<void> {
  return withHeartbeat(
    () => undefined,
    async (signal) => {
      while (!asProcess && !(await answers(health))) await sleep(ENGINE_RETRY_MS, undefined, { signal });
    },
  );
}

async function answers(health: Pick<EngineHealth, 'ask' | 'awaySince'>): Promise<boolean> {
  await health.ask();
  return health.awaySince() === null;
}
