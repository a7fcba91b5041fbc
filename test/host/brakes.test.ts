import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { createBrakes, type Brakes } from '../../host/brakes';
import { testEngine, type TestEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';

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

  it('holds the container by its files at once, and lets it go by them', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);
    const limits: number[] = [];
    const limitCpus = (cpus: number): boolean => limits.push(cpus) > 0;

    expect(brake.hold(limitCpus, 1)).toBe(true);
    expect([brake.level, limits, marks()]).toEqual(['slow', [0.001], [id]]);
    expect(brake.hold(limitCpus, 1)).toBe(false);

    await brake.release();
    expect([brake.level, limits, marks()]).toEqual([null, [0.001, 1], []]);
  });

  it('has done nothing where it cannot hold the container', async () => {
    const id = await test.run(['sleep', '600']);
    const brake = newBrakes().of(id);

    expect(brake.hold(() => false, 1)).toBe(false);

    expect([brake.level, marks()]).toEqual([null, []]);
  });

  it('is found by the next process where the one before held the container by its files', async () => {
    const id = await test.run(['sh', '-c', 'while :; do :; done']);
    const files = await test.engine.filesOf(id);
    newBrakes()
      .of(id)
      .hold((cpus) => files?.limitCpus(cpus) ?? false, 1);

    await newBrakes().of(id).release();

    const cpuSeconds = async (): Promise<number> => (await test.engine.usage(id))?.cpuSeconds ?? 0;
    const before = await cpuSeconds();
    await until(async () => (await cpuSeconds()) > before + 0.5, { timeoutMs: 10_000 });
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
