import type { AttemptIdentity, CleanedUp } from '../contract/activities';
import { attemptContainers, readIdentity } from '../host/own-containers';
import { runPaths } from '../host/paths';
import { removeContainer } from '../host/remove-container';
import { removeRunFiles } from '../host/run-files';
import { forgetStop } from '../host/stop-marks';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

/** Removes whatever an attempt left on the engine, its log stored and sealed first. Logs and artifacts stay. */
export function cleanUp(deps: HostActivityDeps, input: AttemptIdentity): Promise<CleanedUp> {
  return withHeartbeat(
    () => undefined,
    async (signal) => {
      let removed = 0;
      for (const { id, labels } of await attemptContainers(deps.engine, deps.config.host, input)) {
        const target = { ...readIdentity(labels), containerId: id };
        if (await removeContainer(deps, target, signal)) removed += 1;
      }
      await removeRunFiles(runPaths(deps.config.data, input.runId));
      await forgetStop(deps.config.data, input);
      return { removed };
    },
  );
}
