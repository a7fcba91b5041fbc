import { until } from '../helpers/until';
import { testEngine, type TestEngine } from '../helpers/engine';

let test: TestEngine;

beforeAll(() => {
  test = testEngine();
});

afterAll(() => test.dispose());

const status = async (id: string): Promise<string | undefined> => (await test.engine.inspectContainer(id))?.status;

describe('a limit of CPUs', () => {
  it('is set for a container that runs, and seen in it', async () => {
    const id = await test.run(['sleep', '600']);
    expect(await test.engine.inspectContainer(id)).toMatchObject({ cpus: 1 });

    expect(await test.engine.limitCpus(id, 0.01)).toBe(true);

    expect(await test.engine.inspectContainer(id)).toMatchObject({ cpus: 0.01, status: 'running' });
  });

  it('is nothing for a container that does not run, or is gone', async () => {
    const { id } = await test.engine.createContainer(test.plan());
    expect(await test.engine.limitCpus(id, 0.5)).toBe(false);
    await test.engine.removeContainer(id);
    expect(await test.engine.limitCpus(id, 0.5)).toBe(false);
  });
});

describe('a pause', () => {
  it('freezes and wakes a container, and says of a second call that it was not needed', async () => {
    const id = await test.run(['sleep', '600']);

    expect(await test.engine.pauseContainer(id)).toBe(true);
    expect(await status(id)).toBe('paused');
    expect(await test.engine.pauseContainer(id)).toBe(false);

    expect(await test.engine.unpauseContainer(id)).toBe(true);
    expect(await status(id)).toBe('running');
    expect(await test.engine.unpauseContainer(id)).toBe(false);
  });

  it('is nothing for a container that has ended, or is gone', async () => {
    const id = await test.run(['true']);
    await until(async () => (await status(id)) === 'exited');

    expect(await test.engine.pauseContainer(id)).toBe(false);
    expect(await test.engine.unpauseContainer(id)).toBe(false);
    await test.engine.removeContainer(id);
    expect(await test.engine.pauseContainer(id)).toBe(false);
    expect(await test.engine.unpauseContainer(id)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGKILL'])('ends when the container is sent %s', async (signal) => {
    const id = await test.run(['sleep', '600']);
    await test.engine.pauseContainer(id);

    expect(await test.engine.signalContainer(id, signal)).toBe(true);

    await until(async () => (await status(id)) === 'exited');
  });
});
