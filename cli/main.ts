#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runProgram } from './run-program';
import { createTerminal } from './terminal';

async function main(): Promise<void> {
  const io = createTerminal(process, () => process.exit());
  process.exitCode = await runProgram(process.argv.slice(2), { io, env: process.env, version: readVersion() });
}

function readVersion(): string {
  const file = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
