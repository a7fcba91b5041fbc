import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { ServerStartError } from './server-start-error';

/**
 * Path of the `temporal` command line: TRAINYARD_TEMPORAL_BIN, the PATH, or where script/bootstrap keeps it.
 *
 * @throws {ServerStartError} if there is none.
 */
export function findTemporalBinary(env: NodeJS.ProcessEnv): string {
  const cache =
    env['TRAINYARD_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? '/root', '.cache'), 'trainyard');
  const candidates = [
    env['TRAINYARD_TEMPORAL_BIN'],
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal')),
    rememberedBy(join(cache, 'env')),
    join(cache, 'bin', 'temporal'),
  ];
  const found = candidates.find((path) => path !== undefined && isExecutable(path));
  if (found === undefined) {
    throw new ServerStartError(
      'No Temporal server was found; run script/bootstrap, put the Temporal CLI on PATH, or set TEMPORAL_ADDRESS to a server that runs.',
    );
  }
  return found;
}

/** What script/bootstrap wrote down, as `NAME=value` with the value quoted for a shell where it must be. */
function rememberedBy(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return /^TRAINYARD_TEMPORAL_BIN=(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.replace(/\\(.)/g, '$1');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
