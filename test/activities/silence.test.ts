import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createFollowActivities } from '../../activities/follow-activities';
import type { ContainerOutcome, FollowContainerInput } from '../../contract/activities';
import { until } from '../helpers/until';
import { python } from '../host/helpers';
import { activityEnvironment, activityHost, identity, inActivity, type ActivityHost } from './host-helpers';

let host: ActivityHost;
/** How many follows have begun to listen. */
let listening: number;

beforeAll(async () => {
  host = await activityHost();
});

afterAll(() => host.dispose());
beforeEach(() => {
  host.silent.splice(0);
  listening = 0;
});

const follow = (runId: string, containerId: string, silenceMs: number, heartbeatDetails?: unknown) => {
  const input: FollowContainerInput = { ...identity(runId), containerId, silenceMs };
  const begin: typeof host.silences.begin = (...args) => {
    listening += 1;
    return host.silences.begin(...args);
  };
  const { followContainer } = createFollowActivities({ ...host, silences: { ...host.silences, begin } });
  return inActivity<FollowContainerInput, ContainerOutcome>(followContainer, input, { heartbeatDetails });
};

/** The first heartbeat of such a follow that tells of a silence of more than this. */
async function beatAfter(ms: number, runId: string, containerId: string): Promise<{ silentMs: number }> {
  const { followContainer } = createFollowActivities(host);
  const environment = activityEnvironment();
  const beats: { silentMs: number }[] = [];
  environment.on('heartbeat', (details: { silentMs: number }) => beats.push(details));
  const following = environment.run(followContainer, { ...identity(runId), containerId, silenceMs: 3_600_000 });
  // Time over which this process stands still does not count.
  const beat = await until(() => beats.find(({ silentMs }) => silentMs > ms));
  await host.engine.removeContainer(containerId);
  await following;
  return beat;
}

const lastLine = async (runId: string) => (await host.lines(runId)).at(-1)!;
const reported = () => until(() => host.silent.at(0));

describe('followContainer of a container that may be silent only for a time', () => {
  it('tells its run that it is silent, since its last line by the clock of the engine', async () => {
    const code = `
import itertools, os, time
for i in itertools.count():
    print(i)
    if os.path.exists("/artifacts/quiet"): time.sleep(600)
    time.sleep(0.1)
`;
    const id = await host.start('falls-silent', python(code));
    await until(async () => (await host.lines('falls-silent')).length > 0);
    const following = follow('falls-silent', id, 3000);
    await until(() => listening === 1);
    writeFileSync(join(host.data, 'artifacts/falls-silent/quiet'), '');
    const { since, ...report } = await reported();

    expect(report).toEqual({ attempt: 1, silenceMs: 3000 });
    // Milliseconds from nanoseconds, which may round up.
    expect(Math.abs(Date.parse(since) - Date.parse((await lastLine('falls-silent')).time))).toBeLessThanOrEqual(1);
    expect((await host.engine.inspectContainer(id))?.status).toBe('running');
    await host.engine.removeContainer(id);
    await following;
  });

  it('hears what was printed while no worker was there, however long it had been silent before', async () => {
    const code = 'import time; time.sleep(1); print("while away"); time.sleep(600)';
    const id = await host.start('worker-away', python(code));
    await until(async () => (await host.lines('worker-away')).length === 1);
    const following = follow('worker-away', id, 60_000, { lines: 0, silentMs: 59_000 });
    const noNews = follow('worker-away', id, 3000, { lines: 0, silentMs: 2900 });

    const { since } = await reported();
    expect(Math.abs(Date.parse(since) - Date.parse((await lastLine('worker-away')).time))).toBeLessThanOrEqual(1);
    expect(host.silent.map(({ silenceMs }) => silenceMs)).toEqual([3000]);
    await host.engine.removeContainer(id);
    await Promise.all([following, noNews]);
  });

  it('tells in its heartbeats for how long it has been silent, so that the next worker goes on from there', async () => {
    const id = await host.start('silent-beats', python('import time; time.sleep(600)'));
    const { silentMs } = await beatAfter(2000, 'silent-beats', id);

    expect(silentMs).toBeLessThan(60_000);
  });

  it('does not count the time in which somebody has paused it', async () => {
    const id = await host.start('paused-by-hand', python('import time; print("ready"); time.sleep(600)'));
    await host.engine.pauseContainer(id);
    const following = follow('paused-by-hand', id, 3000);
    // Told only after it was seen paused for longer than it may be silent.
    await until(() => host.told.some(({ topic }) => topic === 'paused'));
    expect(host.silent).toEqual([]);
    await host.engine.unpauseContainer(id);

    expect(await reported()).toMatchObject({ silenceMs: 3000 });
    await host.engine.removeContainer(id);
    await following;
  });
});

describe('signalContainer', () => {
  it('reaches the program, and tells where there is none any more', async () => {
    const code =
      'import signal; signal.signal(signal.SIGUSR1, lambda *_: print("got it")); print("ready")\nwhile True: signal.pause()';
    const id = await host.start('signalled', python(code));
    await until(async () => (await host.lines('signalled')).length === 1);
    const input = { ...identity('signalled'), signal: 'SIGUSR1' };

    expect(await inActivity(host.activities.signalContainer, input)).toEqual({ sent: true });
    await until(async () => (await lastLine('signalled')).text === 'got it');
    await host.engine.signalContainer(id, 'SIGKILL');
    await until(async () => (await host.engine.inspectContainer(id))?.status === 'exited');
    expect(await inActivity(host.activities.signalContainer, input)).toEqual({ sent: false });
    expect(await inActivity(host.activities.signalContainer, { ...input, runId: 'no-such' })).toEqual({ sent: false });
  });
});
