import type { Engine } from '../docker/engine';
import { awaitEnd } from './await-end';
import { isAlive } from './container-state';
import type { PumpTarget } from './pump-deps';
import { orAborted } from './or-aborted';
import type { Pumps } from './pumps';

/**
 * Removes a container after its last line is stored and sealed; one that still runs is killed first.
 *
 * @returns true if there was one.
 * @throws the reason of `signal`; what is done by then stays done.
 */
export async function removeContainer(
  { engine, pumps }: { engine: Engine; pumps: Pumps },
  target: PumpTarget,
  signal: AbortSignal,
): Promise<boolean> {
  const { containerId } = target;
  const info = await engine.inspectContainer(containerId);
  if (info !== null && isAlive(info)) {
    await pumps.letRun(containerId);
    await engine.signalContainer(containerId, 'SIGKILL');
    await awaitEnd(engine, containerId, signal);
  }
  // One that was never started has no log, and its pump would take the removal for the end of that of the attempt.
  if (info?.status === 'created') await pumps.abandon(containerId);
  else if (info !== null) await orAborted(pumps.adopt(target).sealed, signal);
  const removed = await engine.removeContainer(containerId);
  pumps.release(containerId);
  return removed;
}
