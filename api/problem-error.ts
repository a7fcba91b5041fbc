import { describeFault, type Fault } from '../contract/fault';
import { PROBLEMS, type ProblemKind } from '../contract/problem';
import type { Run } from '../contract/run';
import { isEndState } from '../contract/state';

/** Thrown anywhere below a route to answer with a problem; see contract/problem for the kinds. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly kind: ProblemKind,
    detail: string,
    options: { faults?: readonly Fault[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.faults = options.faults ?? [];
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.kind].status;
  }
}

/** The refusal of an input for faults that each name their field. */
export function invalidInput(faults: readonly Fault[]): ProblemError {
  return new ProblemError('invalid-input', faults.map((fault) => describeFault(fault)).join('; '), { faults });
}

/** @param what could have been done to it while it lived, such as `cancel`. */
export function alreadyEnded({ id, state }: Run, what: string): ProblemError {
  const how = isEndState(state)
    ? `has already ${state === 'cancelled' ? 'been cancelled' : state}`
    : 'has no workflow any more';
  return new ProblemError('already-ended', `The run "${id}" ${how}; there is nothing to ${what}.`);
}

export function runNotFound(runId: string): ProblemError {
  return new ProblemError('not-found', `There is no run "${runId}"; GET /v1/runs lists those there are.`);
}
