import { Context } from '@temporalio/activity';

import type { StopContainerInput, StoppedContainer } from '../contract/activities';
import { isAlive } from '../host/container-state';
import { awaitEnd } from '../host/await-end';
import { endWithin } from '../host/end-within';
import { attemptContainers } from '../host/own-containers';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

/** What was done so far; kept in the heartbeats, so that a second try knows that it was we who ended the container. */
interface Progress {
  how: StoppedContainer['how'];
}

/**
 * Asks the container of an attempt to end: SIGTERM, the grace, SIGKILL. Returns when it no longer runs. The engine wakes a
 * paused container for both, and no pump slows it down from then on. An engine that goes away meanwhile is waited for.
 */
export function stopContainer(deps: HostActivityDeps, input: StopContainerInput): Promise<StoppedContainer> {
  const before = Context.current().info.heartbeatDetails as Progress | undefined;
  const progress: Progress = { how: before?.how ?? 'already-ended' };
  return withHeartbeat(
    () => progress,
    async (signal) => {
      const containers = await attemptContainers(deps.engine, deps.config.host, input);
      for (const { id } of containers) await stopOne(deps, id, input.graceMs, progress, signal);
      return { how: progress.how };
    },
  );
}

async function stopOne(
  { engine, pumps }: HostActivityDeps,
  id: string,
  graceMs: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  await pumps.letRun(id);
  if (await engine.signalContainer(id, 'SIGTERM')) {
    progress.how = 'terminated';
    if (await endWithin(engine, id, graceMs, signal)) return;
  }
  const info = await engine.inspectContainer(id);
  if (info === null || !isAlive(info)) return;
  if (await engine.signalContainer(id, 'SIGKILL')) progress.how = 'killed';
  await awaitEnd(engine, id, signal);
}
