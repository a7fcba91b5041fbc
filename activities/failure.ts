import { ApplicationFailure } from '@temporalio/common';

import type { EndReason } from '../contract/reason';
import * as docker from '../docker/errors';
import { NetworkRefusedError } from '../host/network-refused-error';
import { MountRefusedError } from '../host/mounts';

/** The one table from what goes wrong on a host to the end reason that the workflow knows it by. */
const REASON_OF: readonly (readonly [new (...args: never[]) => Error, EndReason])[] = [
  [docker.EngineUnavailableError, 'engine-unavailable'],
  [docker.ImageNotFoundError, 'image-not-found'],
  [docker.ImageAccessDeniedError, 'image-access-denied'],
  [docker.ImageUnusableError, 'image-unusable'],
  [docker.ImageRemovedError, 'image-removed'],
  [docker.RegistryUnavailableError, 'registry-unavailable'],
  [docker.PullSilentError, 'pull-silent'],
  [docker.CommandNotRunnableError, 'command-not-runnable'],
  [docker.DiskFullError, 'disk-full'],
  [MountRefusedError, 'mount-refused'],
  [NetworkRefusedError, 'invalid-spec'],
];

/**
 * A failure with a known cause, as an activity throws it: its type is the end reason, and what to make of it is the policy's
 * to say, so Temporal does not try it again. Anything else comes back as it is, and Temporal does.
 */
export function toFailure(error: unknown): unknown {
  const known = REASON_OF.find(([kind]) => error instanceof kind);
  return known === undefined ? error : failure(known[1], (error as Error).message, error);
}

export function failure(reason: EndReason, detail: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: reason,
    message: detail,
    nonRetryable: true,
    ...(cause instanceof Error && { cause }),
  });
}
