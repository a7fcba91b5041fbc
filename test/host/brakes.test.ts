import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LABELS } from '../../contract/names';
import type { Engine } from '../../docker/engine';
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

  describe('whose mark says nothing any more, as after power was lost', () => {
    const tear = (id: string, rest = ''): void => {
      mkdirSync(folder(), { recursive: true });
      writeFileSync(join(folder(), id), rest);
    };

    it.each(['', '{"level":"pa', 'null', '{}', '{"level":"slow"}', '\0\0\0\0'])(
      '%j is taken for the strongest',
      (rest) => {
        tear('some', rest);

        expect(newBrakes().levelOf('some')).toBe('pause');
      },
    );

    it('lets the container run, with the CPUs that its labels tell', async () => {
      const id = await test.run(['sleep', '600'], { labels: { [LABELS.cpus]: '1' } });
      const before = newBrakes().of(id);
      await before.engage('slow');
      await before.engage('pause');
      tear(id);

      await newBrakes().of(id).release();

      expect(await facts(id)).toEqual(['running', 1, []]);
    });

    it('lets one run that was held by its files, though no label tells of its CPUs', async () => {
      const id = await test.run(['sleep', '600']);
      const given: number[] = [];
      tear(id);
      const limitCpus: Engine['limitCpus'] = async (_, cpus) => given.push(cpus) > 0;
      const brakes = createBrakes({ ...test.engine, limitCpus }, folder());

      await brakes.of(id).release();

      expect([...(await facts(id)), given]).toEqual(['running', 1, [], [1]]);
    });

    it('leaves the CPUs as they are where nobody knows what they were', async () => {
      const id = await test.run(['sleep', '600']);
      await newBrakes().of(id).engage('slow');
      tear(id);

      await newBrakes().of(id).release();

      expect(await facts(id)).toEqual(['running', 0.01, []]);
    });

    it('remembers what the container had for the next time', async () => {
      const id = await test.run(['sleep', '600'], { labels: { [LABELS.cpus]: '1' } });
      await newBrakes().of(id).engage('slow');
      tear(id);
      const brake = newBrakes().of(id);
      await brake.release();
      const limits: number[] = [];

      brake.hold((cpus) => limits.push(cpus) > 0, 0.01);
      await brake.release();

      expect([limits, marks()]).toEqual([[0.001, 1], []]);
    });

    it('goes where the container is gone', async () => {
      tear('gone');

      await newBrakes().of('gone').release();

      expect(marks()).toEqual([]);
    });
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
