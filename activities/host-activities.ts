import type { HostActivities } from '../contract/activities';
import { createInTurn } from '../contract/in-turn';
import { createImagePulls } from '../host/image-pulls';
import { createMachineView } from '../host/machine';
import { overAbsence } from './engine-absence';
import { toFailure } from './failure';
import { cleanUp } from './host-clean-up';
import type { HostActivityDeps } from './host-deps';
import { pullImage } from './host-pull-image';
import { reachHost } from './host-reach';
import { signalContainer } from './host-signal-container';
import { startContainer } from './host-start-container';
import { stopContainer } from './host-stop-container';

/** The short operations on one host's engine; see contract/activities. */
export function createHostActivities(deps: HostActivityDeps): HostActivities {
  const pulls = createImagePulls(deps.engine);
  const machines = createMachineView(deps.health);
  const starts = createInTurn();
  return {
    pullImage: (input) => orFailure(pullImage(deps, pulls, input)),
    startContainer: (input) => orFailure(startContainer({ ...deps, machines, starts }, input)),
    reachHost: (input) => reachHost(deps.health, input),
    signalContainer: (input) => orFailure(signalContainer(deps, input)),
    // These two must come to pass: an engine that is away for a moment is for Temporal to wait for.
    stopContainer: (input) => overAbsence(deps.health, () => stopContainer(deps, input)),
    cleanUp: (input) => overAbsence(deps.health, () => cleanUp({ ...deps, starts }, input)),
  };
}

async function orFailure<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFailure(error);
  }
}
