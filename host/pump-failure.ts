import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { ContainerInfo } from '../docker/engine';
import { EngineError } from '../docker/errors';
import { isLogDiskFullError, isLogInUseError } from '../store/errors';
import { hasEnded } from './container-state';
import type { PumpState } from './pump-state';

const LONGEST_PAUSE_MS = 5000;
/** While somebody else writes the log, or its disk is full. */
const LONGEST_WAIT_MS = 1000;
/** A log that the engine fails to read this often in a row, although the engine answers, is given up. */
const UNREADABLE_AFTER = 8;

/** Notes the failure of a round, says it once, and lets the next round try again. */
export function takeFailure(state: PumpState, error: unknown, log: Logger): void {
  const isNew = state.failure === undefined;
  state.failure = error;
  state.fruitless += 1;
  if (isLogDiskFullError(error)) {
    state.isDiskFull = true;
    const effect = 'the container goes on until its engine would throw lines away, and is paused then';
    state.notices.raise({ topic: 'log-disk-full', message: `${error.message}; ${effect}` });
  }
  if (!isNew) return;
  if (isLogInUseError(error)) log.info({ writer: error.pid }, 'Waiting until nobody else writes the log of the run');
  else log.warn({ err: error }, 'The log of a container cannot be read or stored; trying again');
}

/** The engine answers, but cannot read the log of a container that has ended: trying on would never end. */
export function isUnreadable(info: ContainerInfo, { failure, fruitless }: PumpState): boolean {
  return hasEnded(info) && failure instanceof EngineError && fruitless >= UNREADABLE_AFTER;
}

/** Once at once, then after 100 ms, and twice as long each time. */
export async function pause({ fruitless, failure }: PumpState, signal: AbortSignal): Promise<void> {
  if (fruitless < 2) return;
  const longestMs = isLogInUseError(failure) || isLogDiskFullError(failure) ? LONGEST_WAIT_MS : LONGEST_PAUSE_MS;
  await sleep(Math.min(longestMs, 100 * 2 ** Math.min(fruitless - 2, 10)), undefined, { signal });
}
