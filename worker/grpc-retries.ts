import { setTimeout as sleep } from 'node:timers/promises';

import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor, type ConnectionOptions } from '@temporalio/client';

/** Longest wait before a call is sent again. */
const LONGEST_DELAY_MS = 1_000;
/** Timers ring late where the process is busy. */
const MARGIN_MS = 50;

export interface GrpcRetries {
  interceptors: NonNullable<ConnectionOptions['interceptors']>;
  /** Resolves when no call will be sent again; to be awaited before the connection is closed. */
  settle(): Promise<void>;
}

/**
 * The client's own retries of calls to Temporal. It sends a call again by a timer that nothing takes away, also when its caller
 * has long given up; on a connection that was closed meanwhile that throws where nobody can catch it, and ends the process.
 */
export function createGrpcRetries(): GrpcRetries {
  const { delayFunction, retryableDecider } = defaultGrpcRetryOptions();
  let isSettling = false;
  let lastDueMs = 0;
  const interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !isSettling && retryableDecider(attempt, status),
    delayFunction: (attempt, status) => {
      const delayMs = Math.min(LONGEST_DELAY_MS, delayFunction(attempt, status));
      lastDueMs = Math.max(lastDueMs, performance.now() + delayMs);
      return delayMs;
    },
  });
  return {
    interceptors: [interceptor],
    settle: async () => {
      isSettling = true;
      const leftMs = lastDueMs - performance.now();
      if (leftMs > -MARGIN_MS) await sleep(leftMs + MARGIN_MS);
    },
  };
}
