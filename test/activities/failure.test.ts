import { ApplicationFailure } from '@temporalio/common';

import { toFailure } from '../../activities/failure';
import * as docker from '../../docker/errors';
import { NetworkRefusedError } from '../../host/network-refused-error';
import { MountRefusedError } from '../../host/mounts';

describe('toFailure', () => {
  it.each([
    [new docker.EngineUnavailableError('x'), 'engine-unavailable'],
    [new docker.ImageNotFoundError('x'), 'image-not-found'],
    [new docker.ImageAccessDeniedError('x'), 'image-access-denied'],
    [new docker.ImageUnusableError('x'), 'image-unusable'],
    [new docker.ImageRemovedError('x'), 'image-removed'],
    [new docker.RegistryUnavailableError('x'), 'registry-unavailable'],
    [new docker.PullSilentError('image', 5), 'pull-silent'],
    [new docker.CommandNotRunnableError('x'), 'command-not-runnable'],
    [new docker.DiskFullError('x'), 'disk-full'],
    [new MountRefusedError('x'), 'mount-refused'],
    [new NetworkRefusedError('x'), 'invalid-spec'],
  ])('gives %p its end reason, which Temporal does not try again', (error, type) => {
    expect(toFailure(error)).toMatchObject({ type, nonRetryable: true, message: error.message, cause: error });
  });

  it('leaves alone what it does not know, and what is a failure already', () => {
    const bug = new TypeError('x is undefined');
    const failure = ApplicationFailure.nonRetryable('x', 'start-failed');
    expect(toFailure(bug)).toBe(bug);
    expect(toFailure(failure)).toBe(failure);
  });
});
