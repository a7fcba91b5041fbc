import type { Engine } from '../docker/engine';
import { awaitEnd } from './await-end';
import { isAlive } from './container-state';
import { isStartForgotten } from './forgotten-start';
import type { PumpTarget } from './pump-deps';
import { orAborted } from './or-aborted';
import type { Pumps } from './pumps';

type Deps = { engine: Engine; pumps: Pumps };

/**
 * Removes a container after its last line is stored and sealed; one that still runs is killed first.
 *
 * @param keepLog resolves when its log may go; default: when it is sealed.
 * @returns true if there was one.
 * @throws the reason of `signal`; what is done by then stays done.
 */
export async function removeContainer(
  deps: Deps,
  target: PumpTarget,
  signal: AbortSignal,
  keepLog = async (ended: PumpTarget): Promise<unknown> => orAborted(deps.pumps.adopt(ended).sealed, signal),
): Promise<boolean> {
  const { engine, pumps } = deps;
  const { containerId } = target;
  const info = await engine.inspectContainer(containerId);
  const isForgotten = info !== null && (await isStartForgotten(engine, info, signal));
  if (info?.status === 'created' && !isForgotten) return removeUnstarted(deps, containerId);
  if (info !== null && isAlive(info)) {
    await pumps.letRun(containerId);
    await engine.signalContainer(containerId, 'SIGKILL');
    await awaitEnd(engine, containerId, signal);
  }
  if (info !== null) await keepLog({ ...target, isForgotten });
  const removed = await engine.removeContainer(containerId);
  pumps.release(containerId);
  return removed;
}

/**
 * Removes a container that never ran. The log of its attempt is not sealed for that: another container may be made for it.
 *
 * @returns true if there was one.
 */
export async function removeUnstarted({ engine, pumps }: Deps, containerId: string): Promise<boolean> {
  // It would take the removal for the end of the log.
  await pumps.abandon(containerId);
  return engine.removeContainer(containerId);
}
