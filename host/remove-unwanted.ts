import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { AttemptIdentity } from '../contract/activities';
import type { Engine } from '../docker/engine';
import { isAlive } from './container-state';
import { endWithin } from './end-within';
import { runPaths } from './paths';
import type { PumpTarget } from './pump-deps';
import type { Pumps } from './pumps';
import { removeContainer } from './remove-container';
import { removeRunFiles } from './run-files';
import { settlesWithin } from './settles-within';
import { forgetStop } from './stop-marks';

/** A container that nobody wants here any more. */
export type Unwanted = AttemptIdentity & PumpTarget;

interface Deps {
  engine: Engine;
  pumps: Pumps;
  config: Pick<Config, 'data'>;
  log: Logger;
}

/** How long a log whose container must go has to be stored where it belongs. */
const OWN_LOG_MS = 2_000;
/** Between SIGTERM and SIGKILL to an orphan, whose policy nobody knows any more. */
const ORPHAN_GRACE_MS = 30_000;

/** Kills and removes a container whose lease was revoked; its log is stored, or kept until it can be. */
export async function removeStale(deps: Deps, target: Unwanted, signal: AbortSignal): Promise<void> {
  const { pumps, config, log } = deps;
  log.warn(target, 'The lease of a container was revoked while this host was away; it is killed and removed');
  await removeContainer(deps, target, signal, async (ended) => {
    const isStored = await settlesWithin(pumps.adopt(ended).sealed, OWN_LOG_MS, signal);
    // The run's log may be written elsewhere for weeks; then a copy is kept until it can be brought in.
    if (!isStored) await pumps.late.rescue(ended, signal);
  });
  await forgetStop(config.data, target);
}

/** Asks a container without a live workflow to end, and removes it and what its run had here. */
export async function removeOrphan(deps: Deps, target: Unwanted, signal: AbortSignal): Promise<void> {
  const { engine, pumps, config, log } = deps;
  log.warn(
    target,
    'A container has no live workflow any more; it is asked to end, its log is stored, and it is removed',
  );
  const info = await engine.inspectContainer(target.containerId);
  if (info !== null && isAlive(info)) {
    // One that is held back would spend its grace on nothing.
    await pumps.letRun(target.containerId);
    const isAsked = await engine.signalContainer(target.containerId, 'SIGTERM');
    if (isAsked) await endWithin(engine, target.containerId, ORPHAN_GRACE_MS, signal);
  }
  await removeContainer(deps, target, signal);
  await removeRunFiles(runPaths(config.data, target.runId));
  await forgetStop(config.data, target);
}
