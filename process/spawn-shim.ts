import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PATH } from './machine';
import { FILES } from './process-folder';

/** How the shim is run: a Node.js program, and what Node.js is told before it. */
export interface ShimProgram {
  program: string;
  execArgv: readonly string[];
}

/**
 * Starts the shim of a process in a session of its own and without any channel to this process, so that neither the death of
 * this one nor a signal to its group reaches it.
 *
 * @returns a function that tells how it ended, where it has.
 */
export function spawnShim({ program, execArgv }: ShimProgram, folder: string): () => string | null {
  const log = openSync(join(folder, FILES.shimLog), 'a', 0o600);
  let ended: string | null = null;
  try {
    const shim = spawn(process.execPath, [...execArgv, program, folder], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH },
    });
    shim.once('error', (error) => (ended = error.message));
    shim.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
    shim.unref();
  } finally {
    closeSync(log);
  }
  return () => ended;
}

/** The last words of shims that failed. */
export function shimWords(folder: string): string {
  return readFileSync(join(folder, FILES.shimLog), 'utf8').trim().slice(-1000);
}
