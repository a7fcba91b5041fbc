import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const REPOSITORY = join(__dirname, '../..');

/** A project in a folder of its own that obeys this repository's settings, to plant faults in. */
export interface ScratchProject {
  folder: string;
  /** Makes files from their contents by path. */
  write(files: Record<string, string>): void;
  remove(): void;
}

/** @param settings files of the repository that the project shall have too. */
export function makeScratchProject(settings: readonly string[]): ScratchProject {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-scratch-'));
  for (const file of settings) copyFileSync(join(REPOSITORY, file), join(folder, file));
  return {
    folder,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs a package's program and returns what it printed, whatever its exit code: a linter's is 1 when it finds something. */
export function runTool(script: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(REPOSITORY, 'node_modules', script), ...args],
      { cwd: folder, maxBuffer: 64 * 1024 ** 2 },
      (error, stdout, stderr) => {
        if (stdout === '') reject(new Error(`${script} printed nothing: ${stderr}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
}
