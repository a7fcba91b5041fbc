import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ActivityCancellationDetails } from '@temporalio/common';

import { createFollowActivities } from '../../activities/follow-activities';
import type { ContainerOutcome, FollowActivities, FollowContainerInput } from '../../contract/activities';
import type { ContainerUsage, Engine } from '../../docker/engine';
import { kernelKills } from '../../host/kernel-log';
import { judgeOutcome } from '../../policy/outcome';
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

type Beat = { lines: number; usage: ContainerUsage };

/** A follow whose heartbeats are seen. */
function followWithBeats(runId: string, containerId: string, before?: Beat) {
  const environment = activityEnvironment(before && { heartbeatDetails: before });
  const beats: Beat[] = [];
  environment.on('heartbeat', (details: Beat) => beats.push(details));
  const input: FollowContainerInput = { ...identity(runId), containerId };
  const outcome: Promise<ContainerOutcome> = environment.run(followContainer, input);
  return { beats, outcome };
}

/** A program that waits for this goes on. */
const letGo = (runId: string): void => writeFileSync(join(host.data, 'artifacts', runId, 'go'), '');
const AWAIT_GO = 'import os, time\nwhile not os.path.exists("/artifacts/go"): time.sleep(0.05)';

const MEBIBYTE = 1024 ** 2;

async function startWithin(runId: string, memory: string, command: string[]): Promise<string> {
  const { resources } = host.startInput(runId, command).spec;
  const input = host.startInput(runId, command, { resources: { ...resources, memory } });
  return (await inActivity(host.activities.startContainer, input)).containerId;
}

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

  it('tells that the kernel killed a container for its memory, and how much that had used', async () => {
    const code = `x = bytearray(44 * 1024 ** 2)\n${AWAIT_GO}\ny = bytearray(512 * 1024 ** 2)`;
    const following = followWithBeats('oom', await startWithin('oom', '64m', python(code)));
    await until(() => following.beats.some(({ usage }) => usage.peakMemoryBytes! > 44 * MEBIBYTE));
    letGo('oom');
    const outcome = await following.outcome;

    expect(outcome).toMatchObject({ exitCode: 137, oomKilled: true });
    expect(outcome.findings?.peakMemoryBytes).toBeGreaterThan(44 * MEBIBYTE);
    expect(outcome.findings?.peakMemoryBytes).toBeLessThanOrEqual(64 * MEBIBYTE);
    expect(outcome.findings?.cpuSeconds).toBeGreaterThan(0);
  });

  it('counts a child that the kernel killed for its memory, though the command goes on', async () => {
    const child =
      'python3 -c "x = bytearray(512 * 1024 ** 2)"; until [ -e /artifacts/go ]; do sleep 0.05; done; exit 1';
    const following = followWithBeats('child', await startWithin('child', '64m', ['sh', '-c', child]));
    await until(() => following.beats.some(({ usage }) => usage.oomKills === 1));
    letGo('child');
    const outcome = await following.outcome;

    expect(outcome).toMatchObject({ exitCode: 1, findings: { oomKills: 1 } });
    // Also where an engine does not set its flag for a child.
    expect(judgeOutcome({ ...outcome, oomKilled: false }, null)).toMatchObject({ reason: 'out-of-memory' });
  });

  it('knows of a kill for memory from the kernel, where its engine has missed it and nobody saw it near its limit', async () => {
    const blind: Engine = {
      ...host.engine,
      inspectContainer: async (id) => {
        const info = await host.engine.inspectContainer(id);
        return info && { ...info, oomKilled: false };
      },
      usage: async () => null,
    };
    const { followContainer: followBlindly } = createFollowActivities({ ...host, engine: blind });
    const containerId = await startWithin('missed', '64m', python('x = bytearray(512 * 1024 ** 2)'));
    const outcome = await inActivity(followBlindly, { ...identity('missed'), containerId });

    expect(outcome).toMatchObject({ exitCode: 137, oomKilled: false });
    const canBeRead = (await kernelKills(containerId)) !== null;
    expect(judgeOutcome(outcome, null)).toMatchObject({ reason: canBeRead ? 'out-of-memory' : 'killed-by-signal' });
  });

  it('tells what the end of its log says', async () => {
    const code = 'print("epoch 1/3 step 40")\nimport nothing_of_this_name';
    const containerId = await host.start('says', python(code));
    const logPatterns = [
      { rule: 0, pattern: 'CUDA' },
      { rule: 2, pattern: 'No module named .nothing' },
    ];
    const outcome = await inActivity(followContainer, { ...identity('says'), containerId, logPatterns });

    expect(outcome.findings).toMatchObject({
      traceback: { type: 'ModuleNotFoundError', message: "No module named 'nothing_of_this_name'" },
      hint: { id: 'module-not-found' },
      step: 40,
      checkpoint: null,
      matchedLogs: [2],
    });
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
    const { beats, outcome } = followWithBeats('beats', id);
    await until(() => beats.some(({ lines }) => lines === 2));
    await host.engine.removeContainer(id);

    expect(await outcome).toMatchObject({ logLines: 2 });
  });

  it('beats with what the container uses, and goes on from what another worker saw of it', async () => {
    const id = await host.start('uses', python('import time; time.sleep(600)'));
    const usage = { peakMemoryBytes: 3_000_000_000, cpuSeconds: 0, oomKills: 2 };
    const { beats, outcome } = followWithBeats('uses', id, { lines: 0, usage });
    await until(() => beats.some((beat) => beat.usage.cpuSeconds! > 0));
    await host.engine.removeContainer(id);

    expect(beats.at(-1)).toMatchObject({ usage: { peakMemoryBytes: 3_000_000_000, oomKills: 2 } });
    expect(await outcome).toMatchObject({ findings: { peakMemoryBytes: 3_000_000_000, oomKills: 2 } });
  });

  it.each([
    ['a cancel that was asked for', { cancelRequested: true }, { name: 'CancelledFailure' }],
    ['a worker that shuts down', { workerShutdown: true }, { type: 'activity-taken-away', nonRetryable: false }],
    ['a heartbeat that came too late', { timedOut: true }, { type: 'activity-taken-away', nonRetryable: false }],
  ])('lets go on %s, and the container and its pump go on', async (_, cause, failure) => {
    const runId = `lets-go-${Object.keys(cause)[0]}`;
    const id = await host.start(runId, python(`print("before")\n${AWAIT_GO}\nprint("after")`));
    const environment = activityEnvironment();
    const following = environment.run(followContainer, { ...identity(runId), containerId: id });
    environment.cancel('CANCELLED', new ActivityCancellationDetails(cause));

    await expect(following).rejects.toMatchObject(failure);
    expect((await host.engine.inspectContainer(id))?.status).toBe('running');
    letGo(runId);
    await until(async () => (await host.lines(runId)).length === 2);
  });
});
