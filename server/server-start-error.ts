/**
 * A start that cannot be: the message is one sentence for the person who typed the command, naming what is wrong and what
 * to do about it. It is printed as it is, without a stack.
 */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}

export function isServerStartError(error: unknown): error is ServerStartError {
  return error instanceof ServerStartError;
}
