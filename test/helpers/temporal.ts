import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';

import { SEARCH_ATTRIBUTES } from '../../contract/names';

/**
 * A Temporal development server of a test file's own, on a free port, with our search attributes registered. Call it in
 * `beforeAll` and its `teardown` in `afterAll`.
 */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const searchAttributes = SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  return TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalBinary() }, extraArgs: searchAttributes },
  });
}

/** Path of the Temporal CLI: TRAINYARD_TEMPORAL_BIN, the PATH, or where script/bootstrap keeps it. */
export function temporalBinary(): string {
  const candidates = [
    process.env['TRAINYARD_TEMPORAL_BIN'],
    onPath('temporal'),
    fromBootstrap('TRAINYARD_TEMPORAL_BIN'),
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('no Temporal CLI was found; run script/bootstrap first');
  return found;
}

/** A value that script/bootstrap wrote down for the tests, such as the path of the registry's binary. */
export function fromBootstrap(name: string): string | undefined {
  const cache =
    process.env['TRAINYARD_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'trainyard');
  const file = join(cache, 'env');
  if (!existsSync(file)) return undefined;
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}=`));
  return line?.slice(name.length + 1).replace(/^(['"])(.*)\1$/, '$2');
}

let runtimeIsQuiet = false;

/** The SDK's runtime is one for a process and logs every expected failure of a test as a warning. */
export function quietRuntime(): void {
  if (runtimeIsQuiet) return;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  runtimeIsQuiet = true;
}

function onPath(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
