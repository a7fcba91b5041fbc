import { type Connection, isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';

import { SEARCH_ATTRIBUTES } from '../../contract/names';
import { ProblemError } from '../problem-error';

/** How long Temporal may take to answer one call, in milliseconds. */
const CALL_TIMEOUT_MS = 3_000;
const PROBE_TIMEOUT_MS = 1_500;
/** How long the first answer to a question is waited for before the question is asked again. */
const FIRST_ANSWER_MS = 750;
const RETRY_AFTER_SECONDS = '5';

export const GRPC = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

const AWAY = new Set<number>([GRPC.cancelled, GRPC.deadlineExceeded, GRPC.resourceExhausted, GRPC.unavailable]);
/** The deadline goes to the server too; where its clock is the first to ring, the call is cancelled and not overdue. */
const UNANSWERED = new Set<number | undefined>([GRPC.cancelled, GRPC.deadlineExceeded]);
const REFUSED = new Set<number>([GRPC.permissionDenied, GRPC.unauthenticated]);

export interface TemporalCaller {
  /** Runs calls to Temporal with a deadline; what Temporal is to blame for comes as a {@link ProblemError}. */
  <T>(operation: () => Promise<T>): Promise<T>;
  /**
   * The same for a call that makes something. Asks Temporal for a sign of life first: a start that is sent to a Temporal
   * that hangs may be carried out after its caller was told that it failed.
   */
  make<T>(operation: () => Promise<T>): Promise<T>;
  /**
   * The same for a call that changes nothing when it is made again: where no answer comes soon it is sent once more. Temporal now and then loses
   * a query that meets a workflow task of the same workflow, as the look at a schedule does that was just triggered.
   */
  ask<T>(operation: () => Promise<T>): Promise<T>;
  /** Resolves when no call is under way any more: the client tries some again by a timer, which must find its connection. */
  idle(): Promise<void>;
}

export function createCaller(connection: Connection, address: string, namespace: string): TemporalCaller {
  const { track, idle } = createTracker();
  const within = async <T>(timeoutMs: number, operation: () => Promise<T>): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + timeoutMs, operation);
    } catch (error) {
      throw problemOf(error, address, namespace) ?? error;
    }
  };
  const call = <T>(operation: () => Promise<T>): Promise<T> => track(within(CALL_TIMEOUT_MS, operation));
  const make = async <T>(operation: () => Promise<T>): Promise<T> => {
    await within(PROBE_TIMEOUT_MS, () => connection.workflowService.getSystemInfo({}));
    return within(CALL_TIMEOUT_MS, operation);
  };
  const ask = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + FIRST_ANSWER_MS, operation);
    } catch (error) {
      if (!UNANSWERED.has(grpcCodeOf(error))) throw problemOf(error, address, namespace) ?? error;
      return within(CALL_TIMEOUT_MS - FIRST_ANSWER_MS, operation);
    }
  };
  return Object.assign(call, {
    make: <T>(operation: () => Promise<T>) => track(make(operation)),
    ask: <T>(operation: () => Promise<T>) => track(ask(operation)),
    idle,
  });
}

function createTracker(): { track: <T>(work: Promise<T>) => Promise<T>; idle: () => Promise<void> } {
  const underWay = new Set<Promise<unknown>>();
  return {
    track: (work) => {
      const end: Promise<unknown> = work.catch(() => undefined).finally(() => underWay.delete(end));
      underWay.add(end);
      return work;
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** The gRPC status code that an error of the client was caused by; undefined where it was another cause. */
export function grpcCodeOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return undefined;
}

function problemOf(error: unknown, address: string, namespace: string): ProblemError | undefined {
  const code = grpcCodeOf(error);
  const text = rootMessage(error);
  if (code !== undefined && AWAY.has(code)) {
    const headers = { 'retry-after': RETRY_AFTER_SECONDS };
    const detail = `Temporal at ${address} does not answer; send the request again in ${RETRY_AFTER_SECONDS} seconds. Runs that are going on are not affected.`;
    return new ProblemError('temporal-unavailable', detail, { headers, cause: error });
  }
  if (error instanceof NamespaceNotFoundError) {
    const mend = `temporal operator namespace create --namespace ${namespace}`;
    return notReady(`Temporal at ${address} has no namespace "${namespace}"; make it with: ${mend}`, error);
  }
  if (code === GRPC.invalidArgument && /search attribute/i.test(text)) {
    const names = SEARCH_ATTRIBUTES.map((name) => `--name ${name} --type Keyword`).join(' ');
    const mend = `temporal operator search-attribute create --namespace ${namespace} ${names}`;
    return notReady(`Temporal at ${address} lacks search attributes of Trainyard; add them with: ${mend}`, error);
  }
  if (code !== undefined && REFUSED.has(code)) {
    return notReady(`Temporal at ${address} refuses Trainyard: ${text}`, error);
  }
  return undefined;
}

function notReady(detail: string, cause: unknown): ProblemError {
  return new ProblemError('temporal-not-ready', detail, { headers: { 'retry-after': '30' }, cause });
}

function rootMessage(error: unknown): string {
  let message = '';
  for (let cause = error; cause instanceof Error; cause = cause.cause) message = cause.message;
  return message;
}
