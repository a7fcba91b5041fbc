import { Context } from '@temporalio/activity';

import type { StopContainerInput, StoppedContainer } from '../contract/activities';
import { isAlive } from '../host/container-state';
import { awaitEnd } from '../host/await-end';
import { endWithin } from '../host/end-within';
import { attemptContainers } from '../host/own-containers';
import { forgetStop, isStopMarked, markStop } from '../host/stop-marks';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

/** What was done so far; also in the heartbeats. A second try shall know that it was we who ended the container. */
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
      // What the first try did last may have come to no heartbeat.
      if (progress.how === 'already-ended' && (await isStopMarked(deps.config.data, input)))
        progress.how = 'terminated';
      const containers = await attemptContainers(deps.engine, deps.config.host, input);
      for (const { id } of containers) await stopOne(deps, id, input, progress, signal);
      return { how: progress.how };
    },
  );
}

async function stopOne(
  { engine, pumps, config }: HostActivityDeps,
  id: string,
  input: StopContainerInput,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const found = await engine.inspectContainer(id);
  if (found === null || !isAlive(found)) return;
  await pumps.letRun(id);
  await markStop(config.data, input);
  if (await engine.signalContainer(id, 'SIGTERM')) {
    progress.how = 'terminated';
    if (await endWithin(engine, id, input.graceMs, signal)) return;
  } else if (progress.how === 'already-ended') {
    // It ended by itself, just before.
    await forgetStop(config.data, input);
  }
  const info = await engine.inspectContainer(id);
  if (info === null || !isAlive(info)) return;
  if (await engine.signalContainer(id, 'SIGKILL')) progress.how = 'killed';
  await awaitEnd(engine, id, signal);
}
