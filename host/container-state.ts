import type { ContainerInfo } from '../docker/engine';

/** True where the container has run and will not run again. */
export function hasEnded({ status }: Pick<ContainerInfo, 'status'>): boolean {
  return status === 'exited' || status === 'dead' || status === 'removing';
}

/** True where processes of the container may be alive. */
export function isAlive({ status }: Pick<ContainerInfo, 'status'>): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

/** True for a local process, which is a container in all but its engine. */
export function isLocalProcess({ preamble }: Pick<ContainerInfo, 'preamble'>): boolean {
  return preamble !== undefined;
}
