import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { ActivityCancellationDetails } from '@temporalio/common';

import { createFollowActivities } from '../../activities/follow-activities';
import type { FollowActivities } from '../../contract/activities';
import { until } from '../helpers/until';
import { python } from '../host/helpers';
import { activityEnvironment, activityHost, DEAF, identity, inActivity, type ActivityHost } from './host-helpers';

let host: ActivityHost;
let followContainer: FollowActivities['followContainer'];

beforeAll(async () => {
  host = await activityHost();
  ({ followContainer } = createFollowActivities(host));
});

afterAll(() => host.dispose());

const follow = (runId: string, containerId: string) => inActivity(followContainer, { ...identity(runId), containerId });

describe('followContainer', () => {
  it('tells how the container ended, after its log is sealed', async () => {
    const id = await host.start('exit', python('print("one"); print("two"); raise SystemExit(3)'));
    const outcome = await follow('exit', id);

    expect(outcome).toMatchObject({ exitCode: 3, oomKilled: false, vanished: false, error: '', commandProblem: null });
    expect(outcome).toMatchObject({ logLines: 2, logGaps: 0 });
    expect(Date.parse(outcome.finishedAt!)).toBeGreaterThanOrEqual(Date.parse(outcome.startedAt!));
    expect(await host.lines('exit')).toHaveLength(2);
  });

  it('removes checkpoints that need not be kept while it follows', async () => {
    const { followContainer: followClosely } = createFollowActivities({ ...host, checkpointLookMs: 20 });
    const folder = join(host.data, 'checkpoints/closely');
    const command = [
      'sh',
      '-c',
      'for i in 1 2 3; do touch /checkpoints/$i; done; until [ -e /checkpoints/4 ]; do sleep 0.1; done',
    ];
    const input = host.startInput('closely', command, { checkpoint: { path: '/checkpoints', keep: 1 } });
    const { containerId } = await inActivity(host.activities.startContainer, input);
    const following = inActivity(followClosely, { ...identity('closely'), containerId, keepCheckpoints: 1 });

    await until(() => readdirSync(folder).join() === '3');
    writeFileSync(join(folder, '4'), '');

    expect(await following).toMatchObject({ exitCode: 0 });
  });

  it('tells what is wrong with a command that cannot be run', async () => {
    const id = await host.start('no-such', ['/no/such/program']);
    const outcome = await follow('no-such', id);

    expect(outcome.exitCode).toBe(127);
    expect(outcome.commandProblem).toContain('/no/such/program');
  });

  it('tells that the kernel killed a container for its memory', async () => {
    const spec = host.startInput('oom', python('x = bytearray(512 * 1024 ** 2)')).spec;
    const resources = { ...spec.resources, memory: '32m' };
    const input = host.startInput('oom', spec.command!, { resources });
    const { containerId } = await inActivity(host.activities.startContainer, input);

    expect(await follow('oom', containerId)).toMatchObject({ exitCode: 137, oomKilled: true });
  });

  it('tells that the container was removed by somebody else, and counts the gap', async () => {
    const id = await host.start('vanishes', DEAF);
    const following = follow('vanishes', id);
    await until(async () => (await host.lines('vanishes')).length === 1);
    await host.engine.removeContainer(id);

    expect(await following).toMatchObject({ exitCode: null, vanished: true, logLines: 1, logGaps: 1 });
  });

  it('beats with the lines so far', async () => {
    const id = await host.start('beats', python('import time; print("one\\ntwo", flush=True); time.sleep(600)'));
    const environment = activityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const following = environment.run(followContainer, { ...identity('beats'), containerId: id });
    await until(() => beats.some((beat) => isDeepStrictEqual(beat, { lines: 2 })));
    await host.engine.removeContainer(id);

    expect(await following).toMatchObject({ logLines: 2 });
  });

  it.each([
    ['a cancel that was asked for', { cancelRequested: true }, { name: 'CancelledFailure' }],
    ['a worker that shuts down', { workerShutdown: true }, { type: 'activity-taken-away', nonRetryable: false }],
    ['a heartbeat that came too late', { timedOut: true }, { type: 'activity-taken-away', nonRetryable: false }],
  ])('lets go on %s, and the container and its pump go on', async (_, cause, failure) => {
    const runId = `lets-go-${Object.keys(cause)[0]}`;
    const id = await host.start(runId, python('import time\nprint("before"); time.sleep(2); print("after")'));
    const environment = activityEnvironment();
    const following = environment.run(followContainer, { ...identity(runId), containerId: id });
    environment.cancel('CANCELLED', new ActivityCancellationDetails(cause));

    await expect(following).rejects.toMatchObject(failure);
    expect((await host.engine.inspectContainer(id))?.status).toBe('running');
    await until(async () => (await host.lines(runId)).length === 2);
  });
});
