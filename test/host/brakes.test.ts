import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { createBrakes, type Brakes } from '../../host/brakes';
import { testEngine, type TestEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';

let test: TestEngine;

beforeAll(() => {
  test = testEngine();
});

afterAll(() => test.dispose());

describe('the brake of a container', () => {
  const scratch = scratchFolder();
  const folder = (): string => join(scratch.path, 'slowed');
  const newBrakes = (): Brakes => createBrakes(test.engine, folder());
  const marks = (): string[] => (existsSync(folder()) ? readdirSync(folder()) : []);
  const facts = async (id: string) => {
    const info = await test.engine.inspectContainer(id);
    return [info?.status, info?.cpus, marks()];
  };

  it('slows the container down, pauses it where that is not enough, and leaves it as it was', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);

    await brake.engage('slow');
    expect([...(await facts(id)), brake.level]).toEqual(['running', 0.01, [id], 'slow']);
    await brake.engage('pause');
    expect([...(await facts(id)), brake.level]).toEqual(['paused', 0.01, [id], 'pause']);

    await brake.release();
    expect([...(await facts(id)), brake.level]).toEqual(['running', 1, [], null]);
  });

  it.each(['slow', 'pause'] as const)('is found in %s by the next process, which may release it', async (level) => {
    const id = await test.run(['sleep', '600']);
    await newBrakes().of(id).engage(level);

    const next = newBrakes();
    expect(next.levelOf(id)).toBe(level);
    await next.of(id).release();

    expect(await facts(id)).toEqual(['running', 1, []]);
  });

  it('takes no pause by hand for its own', async () => {
    const id = await test.run(['sleep', '600']);
    await test.engine.pauseContainer(id);
    const brake = newBrakes().of(id);

    await brake.engage('slow');
    await brake.engage('pause');
    await brake.release();

    expect([...(await facts(id)), brake.level]).toEqual(['paused', 1, [], null]);
    await test.engine.unpauseContainer(id);
  });

  it('lets go for good of a container that is about to be ended', async () => {
    const id = await test.run(['sleep', '600']);
    const brakes = newBrakes();
    await brakes.of(id).engage('pause');

    await brakes.letRun(id);
    await brakes.of(id).engage('slow');

    expect(await facts(id)).toEqual(['running', 1, []]);
  });

  it('leaves no mark of a container that is gone', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);
    await brake.engage('pause');
    await test.engine.removeContainer(id);

    await brake.release();

    expect(marks()).toEqual([]);
  });
});
