import { execFileSync } from 'node:child_process';

import { createEngine } from '../../docker/dockerode-engine';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { until } from '../helpers/until';
import { end, ends, HOST, PATIENT, SECOND_TIME_LUCKY, SOON, troubleSuite, type TroubleSuite } from './trouble-suite';

jest.setTimeout(180_000);

const engine = createEngine(TEST_DOCKER_HOST);
let suite: TroubleSuite;

beforeAll(async () => {
  suite = await troubleSuite({ dockerHost: TEST_DOCKER_HOST, engine });
});

afterAll(async () => {
  await suite?.dispose();
  engine.close();
});

const docker = (...args: string[]): string =>
  execFileSync('docker', ['--host', TEST_DOCKER_HOST, ...args], { encoding: 'utf8' });
const printed = (id: string, line: string) => until(async () => (await suite.lines(id)).includes(line), PATIENT);

describe('a container that somebody touches by hand', () => {
  it.concurrent('is said to be paused, with the command that lets it go on, and goes on', async () => {
    const id = await suite.start(ends(0));
    await printed(id, 'here');
    docker('pause', await suite.container(id));

    const { run } = await suite.tells(id, ({ run: { message } }) => message !== null);
    expect(run.message).toMatch(/^Somebody has paused the container/);
    expect(run.message).toContain(`on ${HOST}`);
    docker('unpause', / docker unpause (\w+)$/.exec(run.message!)![1]!);

    await suite.tells(id, (status) => status.run.message === null);
    end(suite, id);
    const { attempts } = await suite.ended(id);
    expect(attempts).toMatchObject([{ reason: 'completed', logLines: 1, logGaps: 0 }]);
    const notes = await suite.notes(id);
    expect(notes).toEqual([run.message, `Over: ${run.message}`]);
  });

  it.concurrent('is stopped by its time limit also while it is paused', async () => {
    const id = await suite.start(ends(0), { policy: { timeouts: { running: '12s', grace: '2s' } } });
    await printed(id, 'here');
    const container = await suite.container(id);
    docker('pause', container);

    const { run } = await suite.ended(id);
    expect(run).toMatchObject({ state: 'failed', reason: 'running-timeout' });
    expect(await engine.inspectContainer(container)).toBeNull();
  });

  it.concurrent.each([
    ['kill', 137, 'SIGKILL', '`docker kill`, or the whole host was short of memory'],
    ['stop', 143, 'SIGTERM', '`docker stop` or `docker kill`'],
  ])('that is ended with docker %s fails as killed by a signal, once', async (command, exitCode, signal, hint) => {
    const id = await suite.start('import time; print("here"); time.sleep(3600)', { policy: SOON });
    await printed(id, 'here');
    docker(command, await suite.container(id));

    const { run, attempts } = await suite.ended(id);
    expect(run).toMatchObject({ state: 'failed', reason: 'killed-by-signal', exitCode });
    expect(run.message).toContain(`was killed by ${signal}, which Trainyard did not send.`);
    expect(run.message).toContain(hint);
    expect(attempts).toMatchObject([{ number: 1, logLines: 1, logGaps: 0 }]);
  });

  it.concurrent('that is removed by force is missed, and the run tries again', async () => {
    const id = await suite.start(`${SECOND_TIME_LUCKY}\ntime.sleep(3600)`, { policy: SOON });
    await printed(id, 'attempt 1');
    docker('rm', '--force', await suite.container(id));

    const { run, attempts } = await suite.ended(id);
    expect(attempts).toMatchObject([{ reason: 'container-vanished', logLines: 1 }, { reason: 'completed' }]);
    expect(attempts[0]?.message).toBe('The container was removed by somebody else while the run was using it.');
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await suite.lines(id)).toEqual(['attempt 1', 'attempt 2']);
  });
});
