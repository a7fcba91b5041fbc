/** One thing that is wrong with the settings or with a recipe. */
export interface ConfigFault {
  /** Where it was written: a variable, or a file. */
  source: string;
  /** Path of the setting, such as `api.port`; empty for the whole. */
  path: string;
  /** A sentence: what is expected, what came, and the mend. */
  message: string;
}

/** Thrown when settings or recipes are refused; carries every fault at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly faults: readonly ConfigFault[],
    what = 'The settings',
  ) {
    super(`${what} cannot be used:${faults.map((fault) => `\n  ${describeConfigFault(fault)}`).join('')}`);
  }
}

export function isConfigError(error: unknown): error is ConfigError {
  return error instanceof ConfigError;
}

export function describeConfigFault({ source, path, message }: ConfigFault): string {
  return path === '' ? `${source}: ${message}` : `${source}: ${path} ${message}`;
}
