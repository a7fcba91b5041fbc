import type { ContainerInfo, Engine } from '../docker/engine';
import { EngineError } from '../docker/errors';
import { isLocalProcess } from './container-state';
import { lastRecords } from './last-records';

/**
 * An engine that is killed between the start of a container and its own note of it says afterwards that the container was never
 * started. What runs goes on, unheard, until the container is removed; see docs/decisions/0012.
 */
export const START_FORGOTTEN = 'It was killed over the start of the container, and has forgotten that it ran.';

/** True where an engine says of a container that it was never started, and knows of no start that failed. */
export function isCalledUnstarted(info: ContainerInfo): boolean {
  const { status, error, isUnstarted } = info;
  return status === 'created' && error === '' && !isUnstarted && !isLocalProcess(info);
}

/**
 * True where its engine has forgotten the start of a container, and its log gives that away: what has printed has run.
 *
 * @param info no older than any start of it.
 */
export async function isStartForgotten(
  engine: Pick<Engine, 'readLogs'>,
  info: ContainerInfo,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isCalledUnstarted(info)) return false;
  try {
    return (await lastRecords(engine, { containerId: info.id, tail: 1, signal })).length > 0;
  } catch (error) {
    // There is something that its engine cannot read.
    if (error instanceof EngineError) return true;
    throw error;
  }
}
