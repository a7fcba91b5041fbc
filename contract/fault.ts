/** One thing that is wrong with an input: where, and what would be right. */
export interface Fault {
  /** Path of the field as it is written, such as `policy.retries.rules[0].then`; empty for the whole input. */
  path: string;
  /** A sentence that says what is expected, what came, and the mend. */
  message: string;
}

/** Thrown when an input is refused; carries every fault at once, not only the first. */
export class InvalidInputError extends Error {
  constructor(
    readonly faults: readonly Fault[],
    what = 'The input',
  ) {
    super(`${what} is refused: ${faults.map((fault) => describeFault(fault)).join('; ')}`);
    this.name = 'InvalidInputError';
  }
}

export function isInvalidInputError(error: unknown): error is InvalidInputError {
  return error instanceof InvalidInputError;
}

export function describeFault({ path, message }: Fault): string {
  return path === '' ? message : `${path}: ${message}`;
}
