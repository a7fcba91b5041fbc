import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { HostActivities } from '../contract/activities';
import type { Engine } from '../docker/engine';
import { createImagePulls } from '../host/image-pulls';
import type { Pumps } from '../host/pumps';
import { toFailure } from './failure';
import { cleanUp } from './host-clean-up';
import { pullImage } from './host-pull-image';
import { startContainer } from './host-start-container';
import { stopContainer } from './host-stop-container';

export interface HostActivityDeps {
  engine: Engine;
  pumps: Pumps;
  config: Pick<Config, 'data' | 'host'>;
  log: Logger;
}

/** The short operations on one host's engine; see contract/activities. */
export function createHostActivities(deps: HostActivityDeps): HostActivities {
  const pulls = createImagePulls(deps.engine);
  return {
    pullImage: (input) => orFailure(pullImage(deps.engine, pulls, input)),
    startContainer: (input) => orFailure(startContainer(deps, input)),
    // These two must come to pass, so an engine that is away is for Temporal to wait for.
    stopContainer: (input) => stopContainer(deps, input),
    cleanUp: (input) => cleanUp(deps, input),
  };
}

async function orFailure<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFailure(error);
  }
}
