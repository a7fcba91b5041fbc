import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isMissing } from '../contract/is-missing';

/** `slow`: a hundredth of a CPU. `pause`: nothing at all, which can cost a program that takes no short writes its output. */
export type BrakeLevel = 'slow' | 'pause';

/** What is written down of a container that is slowed down. */
export interface Mark {
  level: BrakeLevel;
  /** CPUs that it had before; null where it had no limit, undefined where the file does not tell. */
  cpus: number | null | undefined;
}

/** Of a file that says nothing any more: all that may have been done is undone. */
const UNREADABLE: Mark = { level: 'pause', cpus: undefined };

/** Never throws: whoever asks for a brake has a log to read or a container to end, whatever has become of its mark. */
export function readMark(path: string): Mark | null {
  try {
    const mark = JSON.parse(readFileSync(path, 'utf8')) as Partial<Mark> | null;
    const isWhole = (mark?.level === 'slow' || mark?.level === 'pause') && isCpus(mark.cpus);
    return isWhole ? (mark as Mark) : UNREADABLE;
  } catch (error) {
    return isMissing(error) ? null : UNREADABLE;
  }
}

function isCpus(value: unknown): boolean {
  return value === null || (typeof value === 'number' && value > 0);
}

const FOLDER = { recursive: true, mode: 0o750 };
const FILE = { mode: 0o640 };
const unfinished = (path: string): string => `${path}.tmp`;

/** Outlasts this process; for the loss of power see {@link keepOnDisk}. Null: there is none any more. */
export async function writeMark(path: string, mark: Mark | null): Promise<void> {
  if (mark === null) return rm(path, { force: true });
  await mkdir(dirname(path), FOLDER);
  await writeFile(unfinished(path), JSON.stringify(mark), FILE);
  await rename(unfinished(path), path);
}

/**
 * The same before it returns. It need not outlast the loss of power: a container that is held without its engine is on this
 * machine and does not, either.
 */
export function writeMarkNow(path: string, mark: Mark | null): void {
  if (mark === null) return rmSync(path, { force: true });
  mkdirSync(dirname(path), FOLDER);
  writeFileSync(unfinished(path), JSON.stringify(mark), FILE);
  renameSync(unfinished(path), path);
}

/**
 * Has a mark outlast the loss of power, too, which a container of an engine on another machine does. Whoever slows a container
 * down does not wait for this, as its disk may be busy with the very flood: until it is done, power that is lost can leave a
 * file without content, which {@link readMark} takes for a mark all the same, or none, and the container as it is.
 */
export async function keepOnDisk(path: string): Promise<void> {
  for (const each of [path, dirname(path)]) {
    const handle = await open(each, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
