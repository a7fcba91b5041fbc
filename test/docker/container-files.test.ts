import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuFolderIn } from '../../docker/container-cgroup';
import { createLogFiles, haveFineTimes } from '../../docker/log-files';
import { testEngine, type TestEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';

describe('the files of a container, where this process sees them', () => {
  let test: TestEngine;

  beforeAll(() => {
    test = testEngine();
  });

  afterAll(() => test.dispose());

  /** What the kernel counts of a container that computes, in a time. */
  const cpuSecondsIn = async (id: string, ms: number): Promise<number> => {
    const before = (await test.engine.usage(id))?.cpuSeconds ?? 0;
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ((await test.engine.usage(id))?.cpuSeconds ?? 0) - before;
  };

  it('tell how much the engine has of its log', async () => {
    const id = await test.run(['sh', '-c', 'head -c 100000 /dev/zero | tr "\\\\0" x; sleep 600']);
    const files = await test.engine.filesOf(id);

    await until(() => (files?.log().writtenBytes ?? 0) > 95_000);
    expect(files?.log()).toMatchObject({ isWhole: true, fileBytes: 10 * 1024 ** 2, maxFiles: 3 });
  });

  it('hold it to a thousandth of a CPU, until it is given back by the engine', async () => {
    const id = await test.run(['sh', '-c', 'while :; do :; done']);
    const files = await test.engine.filesOf(id);

    expect(files?.limitCpus(0.001)).toBe(true);
    expect(await cpuSecondsIn(id, 1000)).toBeLessThan(0.02);

    expect(await test.engine.limitCpus(id, 1)).toBe(true);
    await until(async () => (await cpuSecondsIn(id, 500)) > 0.1);

    expect(files?.limitCpus(0.001)).toBe(true);
    expect(files?.limitCpus(1)).toBe(true);
    await until(async () => (await cpuSecondsIn(id, 500)) > 0.1);
    await test.engine.removeContainer(id);
    expect(files?.limitCpus(0.001)).toBe(false);
  });

  it('are none of one that does not run, or never was', async () => {
    const { id } = await test.engine.createContainer(test.plan());
    expect(await test.engine.filesOf(id)).toBeNull();
    expect(await test.engine.filesOf('f'.repeat(64))).toBeNull();
  });
});

describe('createLogFiles', () => {
  const scratch = scratchFolder();
  const path = (): string => join(scratch.path, 'json.log');
  const write = (bytes: number): void => writeFileSync(path(), Buffer.alloc(bytes), { flag: 'a' });
  /** As an engine that keeps three files does. */
  const rotate = (): void => {
    rmSync(`${path()}.2`, { force: true });
    for (const [from, to] of [
      ['.1', '.2'],
      ['', '.1'],
    ] as const) {
      try {
        renameSync(path() + from, path() + to);
      } catch {
        // There are not as many files yet.
      }
    }
    write(0);
  };

  it('counts what was written over rotations, and knows what was thrown away', () => {
    const look = createLogFiles(path(), 100, 3);
    write(60);
    expect(look()).toMatchObject({ writtenBytes: 60, isWhole: true, files: [{ bytes: 60 }] });
    write(40);
    rotate();
    write(10);
    expect(look()).toMatchObject({ writtenBytes: 110, isWhole: true, files: [{ bytes: 10 }, { bytes: 100 }] });
    rotate();
    write(5);
    expect(look()).toMatchObject({ writtenBytes: 115, isWhole: true });
    rotate();
    expect(look()).toMatchObject({ writtenBytes: 115, isWhole: false });
  });

  it('does not take a log for whole whose files had all been begun when it was first looked at', () => {
    write(1);
    rotate();
    rotate();
    expect(createLogFiles(path(), 100, 3)().isWhole).toBe(false);
  });

  it('tells when each file ended, and between which moments one did that was gone before it was seen again', () => {
    const look = createLogFiles(path(), 100, 3);
    const writtenAt = (seconds: number): void => {
      write(10);
      utimesSync(path(), seconds, seconds);
    };
    writtenAt(1000);
    look();
    rotate();
    writtenAt(1001);
    const first = { fromMs: 1_000_000, toMs: 1_000_000 };
    expect(look().ends).toEqual([first]);
    writtenAt(1002);
    look();
    for (const seconds of [1003, 1004, 1005]) {
      rotate();
      writtenAt(seconds);
    }
    const seen = [1003, 1004].map((seconds) => ({ fromMs: seconds * 1000, toMs: seconds * 1000 }));
    expect(look().ends).toEqual([first, { fromMs: 1_002_000, toMs: 1_003_000 }, ...seen]);
    renameSync(path(), `${path()}.1`);
    expect(look().ends.at(-1)).toEqual({ fromMs: 1_005_000, toMs: 1_005_000 });
  });

  it('has no times to go by where the file system keeps whole seconds only, and none without a file', () => {
    const look = createLogFiles(path(), 100, 3);
    expect(haveFineTimes(look().files)).toBe(false);
    write(10);
    expect(haveFineTimes(look().files)).toBe(true);
    utimesSync(path(), 1000, 1000);
    expect(haveFineTimes(look().files)).toBe(false);
    rotate();
    expect(haveFineTimes(look().files)).toBe(true);
  });

  it('tells nothing in the moment between two files', () => {
    const look = createLogFiles(path(), 100, 3);
    write(60);
    look();
    renameSync(path(), `${path()}.1`);
    expect(look()).toMatchObject({ files: [], writtenBytes: 60 });
    expect(readFileSync(`${path()}.1`)).toHaveLength(60);
  });
});

describe('the control group of the CPUs', () => {
  const scratch = scratchFolder();

  it('is none where its folder is not to be seen', () => {
    expect(cpuFolderIn('4:cpu,cpuacct:/docker/abc\n0::/\n', 'abc', scratch.path)).toBeNull();
  });
});
