import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  lastCheckpointAt,
  newestCheckpoint,
  pruneCheckpoints,
  removeCheckpoints,
  removeUnfinished,
} from '../../host/checkpoints';
import { startCheckpointKeeper } from '../../host/checkpoint-keeper';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { QUIET } from './helpers';

const scratch = scratchFolder();
const folder = (): string => join(scratch.path, 'checkpoints', 'run');
const at = (name: string): string => join(folder(), name);
const left = (): string[] => readdirSync(folder()).toSorted();

beforeEach(() => mkdirSync(folder(), { recursive: true }));

/** Seconds after a moment of long ago. */
const moment = (seconds: number): Date => new Date(1_700_000_000_000 + seconds * 1000);

function file(name: string, seconds: number): void {
  writeFileSync(at(name), name);
  utimesSync(at(name), moment(seconds), moment(seconds));
}

function directory(name: string, seconds: number): void {
  mkdirSync(at(name));
  writeFileSync(join(at(name), 'weights'), name);
  utimesSync(at(name), moment(seconds), moment(seconds));
}

const newest = async (): Promise<string | undefined> => (await newestCheckpoint(scratch.path, 'run'))?.name;

describe('the newest checkpoint', () => {
  it('is none where there is no folder, and where there is nothing in it', async () => {
    expect(await newestCheckpoint(scratch.path, 'other')).toBeNull();
    expect(await newestCheckpoint(scratch.path, 'run')).toBeNull();
    expect(await lastCheckpointAt(scratch.path, 'run')).toBeNull();
  });

  it('is the file or the folder that was written last, and says when', async () => {
    file('epoch-9.pt', 3);
    directory('epoch-8', 5);
    file('epoch-7.pt', 4);

    expect(await newestCheckpoint(scratch.path, 'run')).toMatchObject({ name: 'epoch-8', at: moment(5) });
    expect(await lastCheckpointAt(scratch.path, 'run')).toBe(moment(5).getTime());
  });

  it('of several that were written at once is the one with the highest number', async () => {
    for (const name of ['epoch-9.pt', 'epoch-10.pt', 'epoch-2.pt']) file(name, 1);

    expect(await newest()).toBe('epoch-10.pt');
  });

  it.each(['.hidden', 'a.tmp', 'a.part', 'a.partial', 'a.new', 'a.incomplete'])('is never %s', async (name) => {
    file('epoch-1.pt', 1);
    file(name, 2);
    expect(await newest()).toBe('epoch-1.pt');
  });

  it('is nothing that a link leads to, and no name that would garble a line', async () => {
    file('epoch-1.pt', 1);
    writeFileSync(join(scratch.path, 'outside'), '');
    symlinkSync(join(scratch.path, 'outside'), at('latest'));
    file('epoch-2\n.pt', 2);

    expect(await newest()).toBe('epoch-1.pt');
  });
});

describe('what is kept', () => {
  it('are the newest; older ones go, files and folders, and what is being written stays', async () => {
    for (const [index, name] of ['a', 'b', 'c'].entries()) file(name, index);
    directory('d', 0.5);
    file('e.tmp', 0);
    symlinkSync('c', at('latest'));

    await pruneCheckpoints(scratch.path, 'run', 2);

    expect(left()).toEqual(['b', 'c', 'e.tmp', 'latest']);
  });

  it('is at least the newest', async () => {
    file('a', 1);
    await pruneCheckpoints(scratch.path, 'run', 0);
    expect(left()).toEqual(['a']);
  });

  it('is looked after again and again while a run writes more', async () => {
    const stop = startCheckpointKeeper({ config: { data: scratch.path }, log: QUIET, checkpointLookMs: 10 }, 'run', 2);
    try {
      for (let epoch = 1; epoch <= 5; epoch += 1) file(`epoch-${epoch}`, epoch);
      await until(() => left().length === 2);
      file('epoch-6', 6);
      await until(() => !left().includes('epoch-4'));
    } finally {
      await stop();
    }
    expect(left()).toEqual(['epoch-5', 'epoch-6']);
  });
});

describe('what was not finished', () => {
  it('goes, and everything else stays', async () => {
    file('epoch-1.pt', 1);
    file('epoch-2.pt.tmp', 2);
    directory('epoch-3.partial', 3);
    directory('.removed-half', 3);
    symlinkSync('epoch-1.pt', at('latest'));

    await removeUnfinished(scratch.path, 'run');

    expect(left()).toEqual(['epoch-1.pt', 'latest']);
  });

  it('may be a link, of which only the link goes', async () => {
    mkdirSync(join(scratch.path, 'neighbour'));
    writeFileSync(join(scratch.path, 'neighbour', 'precious'), 'still here');
    symlinkSync(join(scratch.path, 'neighbour'), at('epoch-1.tmp'));
    directory('epoch-2.tmp', 1);
    symlinkSync(join(scratch.path, 'neighbour'), join(at('epoch-2.tmp'), 'link'));

    await removeUnfinished(scratch.path, 'run');

    expect(left()).toEqual([]);
    expect(readFileSync(join(scratch.path, 'neighbour', 'precious'), 'utf8')).toBe('still here');
  });
});

test('all of a run can be removed, twice', async () => {
  file('epoch-1.pt', 1);
  directory('epoch-2', 2);
  mkdirSync(join(scratch.path, 'checkpoints', 'other'));

  await removeCheckpoints(scratch.path, 'run');
  await removeCheckpoints(scratch.path, 'run');

  expect(readdirSync(join(scratch.path, 'checkpoints'))).toEqual(['other']);
});

test('a folder that somebody removed by hand is looked at like an empty one', async () => {
  rmSync(folder(), { recursive: true });

  await pruneCheckpoints(scratch.path, 'run', 1);
  await removeUnfinished(scratch.path, 'run');

  expect(await newestCheckpoint(scratch.path, 'run')).toBeNull();
});
