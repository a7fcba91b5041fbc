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
  const newBrakes = (): Brakes => createBrakes(test.engine, join(scratch.path, 'paused'));
  const marks = (): string[] =>
    existsSync(join(scratch.path, 'paused')) ? readdirSync(join(scratch.path, 'paused')) : [];
  const status = async (id: string): Promise<string | undefined> => (await test.engine.inspectContainer(id))?.status;

  it('pauses the container and leaves a mark on disk, until it is released', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);

    await brake.engage();
    expect([await status(id), marks(), brake.engagedAt !== null]).toEqual(['paused', [id], true]);

    await brake.release();
    expect([await status(id), marks(), brake.engagedAt]).toEqual(['running', [], null]);
  });

  it('is found engaged by the next process, which may release it', async () => {
    const id = await test.run(['sleep', '600']);
    await newBrakes().of(id).engage();

    const next = newBrakes();
    expect(next.isEngaged(id)).toBe(true);
    await next.of(id).release();

    expect([await status(id), marks()]).toEqual(['running', []]);
  });

  it('takes no pause by hand for its own', async () => {
    const id = await test.run(['sleep', '600']);
    await test.engine.pauseContainer(id);
    const brake = newBrakes().of(id);

    await brake.engage();
    await brake.release();

    expect([await status(id), marks(), brake.engagedAt]).toEqual(['paused', [], null]);
    await test.engine.unpauseContainer(id);
  });

  it('lets go for good of a container that is about to be ended', async () => {
    const id = await test.run(['sleep', '600']);
    const brakes = newBrakes();
    await brakes.of(id).engage();

    await brakes.letRun(id);
    await brakes.of(id).engage();

    expect([await status(id), marks()]).toEqual(['running', []]);
  });

  it('leaves no mark of a container that ended while it was paused', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);
    await brake.engage();
    await test.engine.removeContainer(id);

    await brake.release();

    expect(marks()).toEqual([]);
  });
});
