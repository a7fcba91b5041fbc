import type { CleanedUp, CleanUpInput } from '../contract/activities';
import type { InTurn } from '../contract/in-turn';
import { keepNewest } from '../host/checkpoint-keeper';
import { newestCheckpoint } from '../host/checkpoints';
import { attemptContainers, readIdentity } from '../host/own-containers';
import { runPaths } from '../host/paths';
import { removeContainer } from '../host/remove-container';
import { removeRunFiles } from '../host/run-files';
import { forgetStop } from '../host/stop-marks';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

type CleanUpDeps = HostActivityDeps & {
  /** By run: no clean-up goes beside a start. */
  starts: InTurn;
};

/**
 * Removes whatever an attempt left on the engine, its log stored and sealed first. Logs, artifacts and the newest checkpoints
 * stay. A start that is given up but waits for its engine is waited for: what it makes must not come after this.
 */
export function cleanUp(deps: CleanUpDeps, input: CleanUpInput): Promise<CleanedUp> {
  return withHeartbeat(
    () => undefined,
    (signal) => deps.starts.run(input.runId, () => cleanUpInTurn(deps, input, signal)),
  );
}

async function cleanUpInTurn(deps: HostActivityDeps, input: CleanUpInput, signal: AbortSignal): Promise<CleanedUp> {
  signal.throwIfAborted();
  let removed = 0;
  for (const { id, labels } of await attemptContainers(deps.engine, deps.config.host, input)) {
    const target = { ...readIdentity(labels), containerId: id };
    if (await removeContainer(deps, target, signal)) removed += 1;
  }
  // The last node takes it along: until then it is in use.
  if (input.network !== undefined) await deps.engine.removeNetwork(input.network);
  await removeRunFiles(runPaths(deps.config.data, input.runId));
  await forgetStop(deps.config.data, input);
  return { removed, ...(await tidyCheckpoints(deps, input)) };
}

async function tidyCheckpoints(
  deps: HostActivityDeps,
  { runId, keepCheckpoints }: CleanUpInput,
): Promise<Pick<CleanedUp, 'checkpoint'>> {
  if (keepCheckpoints === undefined) return {};
  await keepNewest(deps, runId, keepCheckpoints);
  return { checkpoint: (await newestCheckpoint(deps.config.data, runId))?.name ?? null };
}
