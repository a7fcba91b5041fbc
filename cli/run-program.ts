import { CommanderError } from 'commander';

import { describeError, exitCodeOf, ProblemError } from './errors';
import { EXIT } from './exit-codes';
import type { Io } from './io';
import { buildProgram } from './program';

export interface ProgramOptions {
  io: Io;
  env: NodeJS.ProcessEnv;
  version: string;
}

/**
 * Runs `trainyard` with the arguments after the program's name.
 *
 * @returns the exit code; see `EXIT`. What is nobody's known fault is thrown.
 */
export async function runProgram(args: readonly string[], { io, env, version }: ProgramOptions): Promise<number> {
  let exitCode: number = EXIT.ok;
  const exit = (code: number): void => {
    exitCode = code;
  };
  try {
    await buildProgram({ io, env, exit }, version).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.refused;
    const code = exitCodeOf(error);
    if (code === null || !(error instanceof Error)) throw error;
    io.err(`${args.includes('--json') ? JSON.stringify(errorDocument(error)) : describeError(error)}\n`);
    return code;
  }
}

function errorDocument(error: Error): object {
  const more = error instanceof ProblemError ? { status: error.status, errors: error.faults } : {};
  return { error: error.message, ...more };
}
