import { type Fault, describeFault } from '../contract/fault';
import { EXIT, type ExitCode } from './exit-codes';

/** The command line, or a file it names, is not right; the message says what would be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The server could not be reached, or was lost on the way. */
export class ServerUnreachableError extends Error {
  override readonly name = 'ServerUnreachableError';
  constructor(url: string, cause: unknown) {
    super(
      `No server answers at ${url} (${causeOf(cause)}); start one with "trainyard up", or name another with --server.`,
      { cause },
    );
  }
}

/** The server refused a request: an RFC 9457 problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  constructor(
    readonly status: number,
    title: string,
    readonly faults: readonly Fault[] = [],
  ) {
    super(title);
  }
}

export function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof ServerUnreachableError) return EXIT.unreachable;
  if (error instanceof ProblemError) return error.status >= 500 ? EXIT.unreachable : EXIT.refused;
  return error instanceof UsageError ? EXIT.refused : null;
}

/** `error: …`, and one line for each fault. */
export function describeError(error: Error): string {
  const faults = error instanceof ProblemError ? error.faults : [];
  return [`error: ${error.message}`, ...faults.map((fault) => `  ${describeFault(fault)}`)].join('\n');
}

/** fetch hides what went wrong in the cause of its error. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (inner instanceof AggregateError && inner.errors.length > 0) return causeOf(inner.errors[0]);
  return inner instanceof Error ? inner.message : String(inner);
}
