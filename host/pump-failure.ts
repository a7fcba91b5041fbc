import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { ContainerInfo } from '../docker/engine';
import { EngineError, NotFoundError } from '../docker/errors';
import { isLogDiskFullError, isLogInUseError } from '../store/errors';
import { hasEnded, isLocalProcess } from './container-state';
import type { PumpState, Refusals } from './pump-state';

const LONGEST_PAUSE_MS = 5000;
/** While somebody else writes the log, or its disk is full. */
const LONGEST_WAIT_MS = 1000;
/** A log that the engine fails to read this often in a row and for so long, although the engine answers, is given up. */
const UNREADABLE_AFTER = 8;
const UNREADABLE_AFTER_MS = 30_000;

/** The engine answers, but a reading of the log of a container that has ended fails. */
class LogRefusedError extends Error {
  override readonly name = 'LogRefusedError';
}

/** What a reading comes to; a failure after which trying on may never end is told apart from all others. */
export async function orRefused<T>(info: ContainerInfo, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw isRefusal(info, error) ? new LogRefusedError(error.message, { cause: error }) : error;
  }
}

/**
 * Of a container whose removal has failed half-way an engine gives nothing any more, and says what it says of one that is
 * being removed; but that one will soon be gone.
 */
function isRefusal(info: ContainerInfo, error: unknown): error is Error {
  return (hasEnded(info) && error instanceof EngineError) || (info.status === 'dead' && error instanceof NotFoundError);
}

/** Notes the failure of a round, says it once, and lets the next round try again. */
export function takeFailure(state: PumpState, error: unknown, log: Logger): void {
  const isNew = state.failure === undefined;
  state.failure = error;
  state.fruitless += 1;
  state.refusals = error instanceof LogRefusedError ? oneMore(state.refusals) : null;
  if (isLogDiskFullError(error)) {
    state.isDiskFull = true;
    const effect = 'the container goes on until its engine would throw lines away, and is paused then';
    state.notices.raise({ topic: 'log-disk-full', message: `${error.message}; ${effect}` });
  }
  if (!isNew) return;
  if (isLogInUseError(error)) log.info({ writer: error.pid }, 'Waiting until nobody else writes the log of the run');
  else log.warn({ err: error }, 'The log of a container cannot be read or stored; trying again');
}

function oneMore(refusals: Refusals | null): Refusals {
  return { count: (refusals?.count ?? 0) + 1, sinceMs: refusals?.sinceMs ?? performance.now() };
}

/** The engine answers, but cannot read the log of a container that has ended: trying on would never end. */
export function isUnreadable(info: ContainerInfo, { refusals }: PumpState): boolean {
  if (refusals === null || !hasEnded(info) || refusals.count < UNREADABLE_AFTER) return false;
  // A local process has no engine that could come to itself.
  return isLocalProcess(info) || performance.now() - refusals.sinceMs >= UNREADABLE_AFTER_MS;
}

/** Once at once, then after 100 ms, and twice as long each time. */
export async function pause({ fruitless, failure }: PumpState, signal: AbortSignal): Promise<void> {
  if (fruitless < 2) return;
  const longestMs = isLogInUseError(failure) || isLogDiskFullError(failure) ? LONGEST_WAIT_MS : LONGEST_PAUSE_MS;
  await sleep(Math.min(longestMs, 100 * 2 ** Math.min(fruitless - 2, 10)), undefined, { signal });
}
