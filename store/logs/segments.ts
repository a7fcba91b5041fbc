import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { isMissing } from '../../contract/is-missing';
import { isRunId, logFileName } from '../../contract/names';

/** Where the files of a run's log lie. */
export interface LogPaths {
  /** The folder of all logs. */
  folder: string;
  /** `training_<id>.log`: what is being written. */
  live: string;
  /**
   * `training_<id>.older`: what was set aside. A folder of its own, so that finding the files of one run does not mean
   * listing those of all, and no run's file can have the name of another's.
   */
  older: string;
  /** `training_<id>.removed`: tells when and why the log was removed. */
  removed: string;
}

/** A file that was set aside, named after the numbers of its lines: `<first>-<last>.log` or, compressed, `.log.gz`. */
export interface Segment {
  first: number;
  last: number;
  path: string;
  compressed: boolean;
}

const SEGMENT = /^(\d+)-(\d+)\.log(\.gz)?$/;
const NUMBER_WIDTH = 12;

/** @throws {RangeError} on an id that is none, before it can become part of a path. */
export function logPaths(folder: string, runId: string): LogPaths {
  if (!isRunId(runId)) throw new RangeError(`"${runId}" is no id of a run`);
  const live = join(folder, logFileName(runId));
  const stem = live.slice(0, -'.log'.length);
  return { folder, live, older: `${stem}.older`, removed: `${stem}.removed` };
}

export function segmentPath({ older }: LogPaths, first: number, last: number): string {
  // Padded, so that the shell's `zcat training_<id>.older/*` has them in order.
  const [from, to] = [first, last].map((number) => String(number).padStart(NUMBER_WIDTH, '0'));
  return join(older, `${from}-${to}.log`);
}

/** The files that were set aside, oldest first. Where one is there in both forms, the compressed one counts: it is whole. */
export async function listSegments({ older }: LogPaths): Promise<Segment[]> {
  const byFirst = new Map<number, Segment>();
  for (const name of await namesIn(older)) {
    const match = SEGMENT.exec(name);
    if (match === null) continue;
    const segment = {
      first: Number(match[1]),
      last: Number(match[2]),
      path: join(older, name),
      compressed: !!match[3],
    };
    if (segment.compressed || !byFirst.has(segment.first)) byFirst.set(segment.first, segment);
  }
  return [...byFirst.values()].toSorted((a, b) => a.first - b.first);
}

/** Number of the last line that was set aside; 0 where none was. */
export function lastLineOf(segments: readonly Segment[]): number {
  return segments.at(-1)?.last ?? 0;
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
