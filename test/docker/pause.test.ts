import { until } from '../helpers/until';
import { testEngine, type TestEngine } from '../helpers/engine';

let test: TestEngine;

beforeAll(() => {
  test = testEngine();
});

afterAll(() => test.dispose());

const status = async (id: string): Promise<string | undefined> => (await test.engine.inspectContainer(id))?.status;

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
