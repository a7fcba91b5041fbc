import { statSync } from 'node:fs';

import type { EngineLogFile, EngineLogFiles } from './container-files';

/** A file as it was seen. The engine renames it from `path` to `path.1`, `path.2` and so on, and then removes it. */
interface SeenFile extends EngineLogFile {
  inode: number;
}

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
  /** How many files the engine has begun after the first; no number where some came and went unseen. */
  let begun = 0;

  const rotate = (): void => {
    older = olderFiles(path, maxFiles);
    const last = older.findIndex(({ inode }) => inode === newest?.inode);
    const fresh = last < 0 ? older : older.slice(0, last + 1);
    olderBytes += fresh.reduce((sum, { bytes }) => sum + bytes, 0);
    const areAllSeen = newest === null ? older.length < maxFiles - 1 : last >= 0;
    begun += areAllSeen ? fresh.length : Number.POSITIVE_INFINITY;
  };

  return () => {
    const now = see(path);
    const limits = { fileBytes, maxFiles };
    if (now === null) return { files: [], writtenBytes: olderBytes + (newest?.bytes ?? 0), isWhole: false, ...limits };
    if (newest === null || now.inode !== newest.inode || now.bytes < newest.bytes) rotate();
    newest = now;
    return { files: [now, ...older], writtenBytes: olderBytes + now.bytes, isWhole: begun < maxFiles, ...limits };
  };
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
  return stat === undefined ? null : { inode: stat.ino, bytes: stat.size, changedMs: stat.mtimeMs };
}
