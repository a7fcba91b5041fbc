import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Puts a program in the place of `nvidia-smi`; returns its path. Again, it takes the place of the one before. */
export function fakeDriver(folder: string, body: string, name = 'nvidia-smi'): string {
  const path = join(folder, name);
  // Moved into place: one that runs cannot be written to.
  writeFileSync(`${path}.new`, `#!/bin/sh\n${body}\n`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return path;
}
