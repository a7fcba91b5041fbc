import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether a program of a run is alive, also one that no engine knows of any more: each holds a lock on a file of its run, which
 * the kernel lists by the number of the file.
 */
export function stillRuns(truthFolder: string): boolean {
  const file = join(truthFolder, 'lock');
  if (!existsSync(file)) return false;
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => new RegExp(`FLOCK .*:${ino} `).test(line));
}
