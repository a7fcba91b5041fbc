import { createFollowActivities } from '../../activities/follow-activities';
import { createHostActivities } from '../../activities/host-activities';
import type { ContainerOutcome, FollowContainerInput } from '../../contract/activities';
import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { deferred } from '../helpers/deferred';
import { startHttpGate, type HttpGate } from '../helpers/http-gate';
import { activityEnvironment, activityHost, AMPLE, identity, inActivity, type ActivityHost } from './host-helpers';

let host: ActivityHost;
let gate: HttpGate;

beforeAll(async () => {
  host = await activityHost();
  gate = await startHttpGate(TEST_DOCKER_HOST.replace('unix://', ''));
});

afterAll(async () => {
  await gate.stop();
  await host.dispose();
});

const COMMAND = ['sh', '-c', 'echo hello'];
const containersOf = (runId: string) => host.engine.listContainers({ 'trainyard.run': runId });

/** A try by a worker that is killed before the first request to the engine that is like this; returns the container that it left. */
async function tryUpTo(runId: string, request: RegExp, attempt = 1): Promise<string> {
  const engine = createEngine(`unix://${gate.socket}`);
  gate.before(async (method, path) => {
    if (request.test(`${method} ${path}`)) throw new Error('the worker was killed here');
  });
  const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
  const activities = createHostActivities({ ...host, engine, pumps: host.newPumps({ engine }), standingOf, ...AMPLE });
  const call = inActivity(activities.startContainer, host.startInput(runId, COMMAND), { attempt });
  await expect(call).rejects.toThrow('the worker was killed here');
  engine.close();
  const [left] = await containersOf(runId);
  return left!.id;
}

async function outcomeOf(runId: string, containerId: string): Promise<ContainerOutcome> {
  const { followContainer } = createFollowActivities(host);
  return inActivity<FollowContainerInput, ContainerOutcome>(followContainer, { ...identity(runId), containerId });
}

describe('startContainer, after a try that was cut off', () => {
  it('never takes a container that was being removed for the one of its attempt', async () => {
    const first = await tryUpTo('cut-off', /^POST .*\/start$/);
    expect(await tryUpTo('cut-off', /^DELETE /, 2)).toBe(first);
    // The next worker takes up what has run.
    const pumps = host.newPumps();
    await pumps.start();

    const input = host.startInput('cut-off', COMMAND);
    const { containerId } = await inActivity(host.activities.startContainer, input, { attempt: 3 });

    expect(containerId).not.toBe(first);
    expect(await outcomeOf('cut-off', containerId)).toMatchObject({ exitCode: 0, logLines: 1, logGaps: 0 });
    expect((await host.lines('cut-off', ['stdout', 'stderr'])).map(({ text }) => text)).toEqual(['hello']);
    expect((await containersOf('cut-off')).map(({ id }) => id)).toEqual([containerId]);
    await pumps.stop();
  });

  it('keeps a container that has started meanwhile, although the list of a busy engine does not know it yet', async () => {
    const input = host.startInput('started', ['sleep', '60']);
    const { containerId } = await inActivity(host.activities.startContainer, input);
    const listContainers: Engine['listContainers'] = async (...which) =>
      (await host.engine.listContainers(...which)).map((each) => ({ ...each, state: 'created' }));
    const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
    const engine = { ...host.engine, listContainers };
    const { startContainer } = createHostActivities({ ...host, engine, standingOf, ...AMPLE });

    expect(await inActivity(startContainer, input, { attempt: 2 })).toMatchObject({ containerId });
    expect(await host.engine.inspectContainer(containerId)).toMatchObject({ status: 'running' });
  });

  it('never makes a second container where the first was removed by hand after it had run', async () => {
    const input = host.startInput('removed', COMMAND);
    const { containerId } = await inActivity(host.activities.startContainer, input);
    await host.pumps.adopt({ ...input, containerId }).sealed;
    await host.engine.removeContainer(containerId);

    const again = inActivity(host.activities.startContainer, input, { attempt: 2 });

    await expect(again).rejects.toMatchObject({ type: 'container-vanished', nonRetryable: true });
    expect(await containersOf('removed')).toEqual([]);
  });

  it('has left nothing when it is cleaned up, although its engine took long to make the container', async () => {
    const gate = deferred();
    const createContainer: Engine['createContainer'] = async (plan) => {
      await gate.promise;
      return host.engine.createContainer(plan);
    };
    const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
    const engine = { ...host.engine, createContainer };
    const activities = createHostActivities({ ...host, engine, standingOf, ...AMPLE });
    const environment = activityEnvironment();
    const isUnderWay = new Promise((resolve) => environment.once('heartbeat', resolve));
    const start = environment.run(activities.startContainer, host.startInput('late', ['sleep', '60']));
    start.catch(() => undefined);
    await isUnderWay;
    environment.cancel();
    const cleaning = inActivity(activities.cleanUp, identity('late'));
    gate.resolve();

    await expect(start).rejects.toThrow();
    expect(await cleaning).toEqual({ removed: 1 });
    expect(await containersOf('late')).toEqual([]);
    expect(await host.lines('late', ['stdout', 'stderr', 'system'])).toEqual([]);
  });

  it('has the whole log of the container that it makes anew, also where the one before was waited for', async () => {
    const first = await tryUpTo('waited-for', /^POST .*\/start$/);
    host.pumps.adopt({ ...identity('waited-for'), containerId: first });

    const input = host.startInput('waited-for', COMMAND, { again: true });
    const { containerId } = await inActivity(host.activities.startContainer, input);

    expect(await outcomeOf('waited-for', containerId)).toMatchObject({ exitCode: 0, logLines: 1, logGaps: 0 });
  });
});
