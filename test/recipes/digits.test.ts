import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { testEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';

const IMAGE = 'trainyard/digits:1';

const docker = testEngine();
const scratch = scratchFolder();
afterAll(() => docker.dispose());

const folder = (name: string): string => {
  const path = join(scratch.path, name);
  mkdirSync(path, { recursive: true });
  // The image's user is nobody of this machine's.
  chmodSync(path, 0o777);
  return path;
};

interface Training {
  epochs: number;
  /** Folder of its checkpoints. */
  into: string;
  resumeFrom?: string;
  seed?: number;
}

/** Trains in a container of its own until it ends; the lines that it printed, and its exit code. */
async function train({ epochs, into, resumeFrom, seed = 7 }: Training) {
  const resume = resumeFrom && { TRAINYARD_RESUME: '1', TRAINYARD_CHECKPOINT: `/checkpoints/${resumeFrom}` };
  const id = await docker.run(['python3', 'train.py', `--epochs=${epochs}`, `--seed=${seed}`], {
    image: IMAGE,
    memoryBytes: 1024 ** 3,
    env: { TRAINYARD_CHECKPOINT_DIR: '/checkpoints', ...resume },
    binds: [
      { source: folder(into), target: '/checkpoints', readOnly: false },
      { source: folder('artifacts'), target: '/artifacts', readOnly: false },
    ],
  });
  const signal = AbortSignal.timeout(60_000);
  await docker.engine.waitContainer(id, signal);
  const lines: string[] = [];
  for await (const records of docker.engine.readLogs(id, { follow: false, signal })) {
    lines.push(...records.map(({ data }) => data.toString()));
  }
  return { lines, exitCode: (await docker.engine.inspectContainer(id))?.exitCode };
}

/** What it says of its epochs, but for how long they took. */
const curve = (lines: readonly string[]): object[] =>
  lines
    .map((line) => JSON.parse(line) as { epoch: number; loss?: number; accuracy?: number })
    .filter(({ loss }) => loss !== undefined)
    .map(({ epoch, loss, accuracy }) => ({ epoch, loss, accuracy }));

describe('the training of digits', () => {
  it('goes on from a checkpoint exactly as if it had never been interrupted', async () => {
    const whole = await train({ epochs: 6, into: 'whole' });
    const first = await train({ epochs: 3, into: 'parts' });
    const second = await train({ epochs: 6, into: 'parts', resumeFrom: 'epoch-000003.joblib' });

    expect(JSON.parse(second.lines[0]!)).toEqual({ resumed: 'epoch-000003.joblib', epoch: 3, epochs: 6 });
    expect(curve(second.lines)).toHaveLength(3);
    expect([...curve(first.lines), ...curve(second.lines)]).toEqual(curve(whole.lines));
    expect(readdirSync(folder('parts')).toSorted()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `epoch-00000${n}.joblib`));
  });

  it('has nothing to do where the checkpoint is of the last epoch', async () => {
    await train({ epochs: 2, into: 'done' });
    const again = await train({ epochs: 2, into: 'done', resumeFrom: 'epoch-000002.joblib' });

    expect(again.exitCode).toBe(0);
    expect(curve(again.lines)).toEqual([]);
  });

  it.each([
    ['was made with other parameters', { resumeFrom: 'epoch-000001.joblib', epochs: 2, seed: 8 }, 'seed=7, not 8'],
    ['has more epochs than are asked for', { resumeFrom: 'epoch-000002.joblib', epochs: 1 }, 'has 2 epochs, and 1 are'],
    ['is not there', { resumeFrom: 'epoch-000009.joblib', epochs: 2 }, 'cannot be read'],
  ])('refuses a checkpoint that %s, in one line', async (_, changes, words) => {
    await train({ epochs: 2, into: 'refused' });
    const { exitCode, lines } = await train({ into: 'refused', ...changes });

    expect(exitCode).toBe(2);
    expect(lines).toEqual([expect.stringContaining(words)]);
  });
});
