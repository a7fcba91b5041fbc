import { statSync } from 'node:fs';

import type { EngineLogEnd, EngineLogFile, EngineLogFiles } from './container-files';

/** A file as it was seen. The engine renames it from `path` to `path.1`, `path.2` and so on, and then removes it. */
interface SeenFile extends EngineLogFile {
  /** A number is given again once the file is gone, so the time of its making belongs to it. */
  inode: number;
  madeMs: number;
}

/** Ends that are remembered; whoever reads more slowly than so many files are filled has been held up for long. */
const KEPT_ENDS = 100;

/**
 * Looks at the files of a log of json-file, again and again. Mostly that is one call of the kernel: the older files change only
 * when there is a new one.
 *
 * @throws where the files may not be looked at.
 */
export function createLogFiles(path: string, fileBytes: number, maxFiles: number): () => EngineLogFiles {
  let newest: SeenFile | null = null;
  let older: SeenFile[] = [];
  let olderBytes = 0;
  let ends: EngineLogEnd[] = [];
  /** How many files the engine has begun after the first; no number where some came and went unseen. */
  let begun = 0;

  /** What became of the newest since it was seen, and of those after it. */
  const lookAtOlder = () => {
    const files = olderFiles(path, maxFiles);
    const last = files.findIndex((file) => isSame(file, newest));
    const fresh = last < 0 ? files : files.slice(0, last + 1);
    return { files, fresh, isContinuous: last >= 0, ends: endsOf(fresh, last < 0 ? newest : null) };
  };

  const rotate = (): void => {
    const { files, fresh, isContinuous, ends: newEnds } = lookAtOlder();
    older = files;
    olderBytes += fresh.reduce((sum, { bytes }) => sum + bytes, 0);
    ends = [...ends, ...newEnds].slice(-KEPT_ENDS);
    const areAllSeen = newest === null ? files.length < maxFiles - 1 : isContinuous;
    begun += areAllSeen ? fresh.length : Number.POSITIVE_INFINITY;
  };

  return () => {
    const now = see(path);
    const limits = { fileBytes, maxFiles };
    if (now === null) {
      const writtenBytes = olderBytes + (newest?.bytes ?? 0);
      return { files: [], writtenBytes, isWhole: false, ends: [...ends, ...lookAtOlder().ends], ...limits };
    }
    if (!isSame(now, newest) || now.bytes < newest.bytes) rotate();
    newest = now;
    return { files: [now, ...older], writtenBytes: olderBytes + now.bytes, isWhole: begun < maxFiles, ends, ...limits };
  };
}

/**
 * When files ended, oldest first.
 *
 * @param files newest first.
 * @param gone the one before them, where it came to its end unseen and is not there any more.
 */
function endsOf(files: readonly SeenFile[], gone: SeenFile | null): EngineLogEnd[] {
  const seen = files.map(({ changedMs }) => ({ fromMs: changedMs, toMs: changedMs })).toReversed();
  return gone === null ? seen : [{ fromMs: gone.changedMs, toMs: seen[0]?.toMs ?? Date.now() }, ...seen];
}

/**
 * False where there is none, or the file system keeps whole seconds only, as ext4 with small inodes and some of the network do:
 * which file a record is in, or whether one has been left out, cannot be told by those.
 */
export function haveFineTimes(files: readonly EngineLogFile[]): boolean {
  return files.some(({ changedMs }) => changedMs % 1000 !== 0);
}

function isSame(one: SeenFile, other: SeenFile | null): other is SeenFile {
  return one.inode === other?.inode && one.madeMs === other.madeMs;
}

function olderFiles(path: string, maxFiles: number): SeenFile[] {
  const files: SeenFile[] = [];
  for (let number = 1; number < maxFiles; number += 1) {
    const file = see(`${path}.${number}`);
    if (file === null) break;
    files.push(file);
  }
  return files;
}

/** Null where there is no such file. */
function see(path: string): SeenFile | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { inode: stat.ino, madeMs: stat.birthtimeMs, bytes: stat.size, changedMs: stat.mtimeMs };
}
