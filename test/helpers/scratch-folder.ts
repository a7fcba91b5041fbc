import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives each test a folder of its own, which is removed after it. Call it at the top of a file or a describe. */
export function scratchFolder(): { path: string } {
  const scratch = { path: '' };
  beforeEach(() => {
    scratch.path = mkdtempSync(join(tmpdir(), 'trainyard-test-'));
  });
  afterEach(() => rmSync(scratch.path, { recursive: true, force: true }));
  return scratch;
}
