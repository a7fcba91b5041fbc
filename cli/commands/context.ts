import type { Command } from 'commander';

import { type ApiClient, createApiClient } from '../api-client';
import type { Io } from '../io';

/** What every command is given. */
export interface Context {
  io: Io;
  env: NodeJS.ProcessEnv;
  /** Sets the exit code of the program. */
  exit: (code: number) => void;
}

/** The options of the program itself, which may stand before or after the name of a command. */
export interface GlobalOptions {
  server: string;
  json?: boolean;
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

export function apiOf(command: Command): ApiClient {
  return createApiClient(globalOptions(command).server);
}

export function wantsJson(command: Command): boolean {
  return globalOptions(command).json === true;
}

/** Who asks: the user of the machine; undefined where nobody can say. */
export function userOf({ env }: Pick<Context, 'env'>): string | undefined {
  return env['USER'] || env['LOGNAME'] || undefined;
}

export function printJson(io: Io, document: unknown): void {
  io.out(`${JSON.stringify(document, null, 2)}\n`);
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
