#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { runProgram } from './run-program';
import { createTerminal } from './terminal';

async function main(): Promise<void> {
  const io = createTerminal(process, () => process.exit());
  process.exitCode = await runProgram(process.argv.slice(2), {
    io,
    env: withUser(process.env),
    version: readVersion(),
  });
}

/** A service or a container may have a user and no variable that names it. */
function withUser(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['USER'] || env['LOGNAME']) return env;
  try {
    return { ...env, LOGNAME: userInfo().username };
  } catch {
    return env;
  }
}

function readVersion(): string {
  const file = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
