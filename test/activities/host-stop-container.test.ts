import { execFileSync } from 'node:child_process';

import { until } from '../helpers/until';
import { python } from '../host/helpers';
import { activityHost, DEAF, identity, inActivity, type ActivityHost } from './host-helpers';

let host: ActivityHost;

beforeAll(async () => {
  host = await activityHost();
});

afterAll(() => host.dispose());

const stop = (runId: string, graceMs: number, info = {}) =>
  inActivity(host.activities.stopContainer, { ...identity(runId), graceMs }, info);
const ready = (runId: string) => until(async () => (await host.lines(runId)).length > 0);
const statusOf = async (id: string) => (await host.engine.inspectContainer(id))?.status;

describe('stopContainer', () => {
  it('lets a container leave on SIGTERM', async () => {
    const id = await host.start('polite', python('import time; print("ready"); time.sleep(60)'));
    await ready('polite');

    expect(await stop('polite', 30_000)).toEqual({ how: 'terminated' });
    expect(await statusOf(id)).toBe('exited');
  });

  it('kills one that ignores SIGTERM, after the grace and not before', async () => {
    const id = await host.start('deaf', DEAF);
    await ready('deaf');
    const beganMs = performance.now();

    expect(await stop('deaf', 1000)).toEqual({ how: 'killed' });
    expect(performance.now() - beganMs).toBeGreaterThan(950);
    expect(await statusOf(id)).toBe('exited');
  });

  it('ends a paused container', async () => {
    const id = await host.start('paused', DEAF);
    await ready('paused');
    execFileSync('docker', ['-H', host.dockerHost, 'pause', id]);
    expect(await statusOf(id)).toBe('paused');

    expect(await stop('paused', 300)).toEqual({ how: 'killed' });
    expect(await statusOf(id)).toBe('exited');
  });

  it('finds one that has ended by itself, and one that never was, to have ended', async () => {
    const id = await host.start('ended', ['true']);
    await until(async () => (await statusOf(id)) === 'exited');

    expect(await stop('ended', 1000)).toEqual({ how: 'already-ended' });
    expect(await stop('never-was', 1000)).toEqual({ how: 'already-ended' });
  });

  it('knows on a second try that it was the first that ended the container', async () => {
    const id = await host.start('retried', ['true']);
    await until(async () => (await statusOf(id)) === 'exited');

    const retry = { attempt: 2, heartbeatDetails: { how: 'terminated' } };
    expect(await stop('retried', 1000, retry)).toEqual({ how: 'terminated' });
  });

  it('knows it also where the first died before it could tell anybody', async () => {
    await host.start('untold', python('import time; print("ready"); time.sleep(60)'));
    await ready('untold');
    expect(await stop('untold', 30_000)).toEqual({ how: 'terminated' });

    expect(await stop('untold', 1000, { attempt: 2 })).toEqual({ how: 'terminated' });
  });

  it('leaves the container of a newer epoch alone', async () => {
    const input = { ...host.startInput('newer', ['sleep', '60']), ...identity('newer', 1, 9) };
    const { containerId } = await inActivity(host.activities.startContainer, input);

    expect(await stop('newer', 0)).toEqual({ how: 'already-ended' });
    expect(await inActivity(host.activities.cleanUp, identity('newer'))).toEqual({ removed: 0 });
    expect(await statusOf(containerId)).toBe('running');
  });
});

describe('cleanUp', () => {
  it('leaves nothing of a stop', async () => {
    await host.start('stopped', DEAF);
    await ready('stopped');
    await stop('stopped', 0);
    await inActivity(host.activities.cleanUp, { ...identity('stopped') });

    expect(await stop('stopped', 0)).toEqual({ how: 'already-ended' });
  });

  it('kills a container that still runs, and keeps what it printed', async () => {
    const id = await host.start('running', DEAF);
    await ready('running');

    expect(await inActivity(host.activities.cleanUp, identity('running'))).toEqual({ removed: 1 });
    expect(await statusOf(id)).toBeUndefined();
    expect((await host.lines('running')).map(({ text }) => text)).toEqual(['ready']);
  });

  it('removes a container that was made but never started', async () => {
    const input = host.startInput('unstarted', ['true']);
    const labels = { 'trainyard.run': 'unstarted', 'trainyard.attempt': '1', 'trainyard.epoch': '1' };
    const installation = { 'trainyard.installation': host.config.host.installation };
    const { id } = await host.engine.createContainer(host.plan({ labels: { ...labels, ...installation } }));

    expect(await inActivity(host.activities.cleanUp, input)).toEqual({ removed: 1 });
    expect(await statusOf(id)).toBeUndefined();
  });
});
