import type { SignalContainerInput, SignalledContainer } from '../contract/activities';
import { attemptContainers } from '../host/own-containers';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

/** Sends the container of an attempt a signal; the engine wakes a paused one for it. Nothing where it runs no more. */
export function signalContainer(
  { engine, config }: Pick<HostActivityDeps, 'engine' | 'config'>,
  input: SignalContainerInput,
): Promise<SignalledContainer> {
  return withHeartbeat(
    () => undefined,
    async () => {
      const containers = await attemptContainers(engine, config.host, input);
      const sent = await Promise.all(containers.map(({ id }) => engine.signalContainer(id, input.signal)));
      return { sent: sent.includes(true) };
    },
  );
}
