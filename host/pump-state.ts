import type { Logger } from 'pino';

import { createBacklogMeter, type BacklogMeter } from './backlog-meter';
import type { Brake } from './brakes';
import { createFloodGuard, type EngineLogSize, type FloodGuard } from './flood-guard';
import { createLogNotices, type LogNotices } from './log-notices';
import type { PumpDeps, PumpTarget } from './pump-deps';
import { NOTHING_COUNTED, type SealCounts } from './seal-log';

/** What this process knows of a container beside what is stored. */
export interface PumpState extends SealCounts {
  /** True while there may be much to read: without follow, since a follower that is behind can miss rotated files. */
  catchUp: boolean | undefined;
  /** Rounds in a row that failed, or brought nothing. */
  fruitless: number;
  failure: unknown;
  /** True where nothing was stored when this process came: it has seen the log from its beginning. */
  fromBeginning: boolean;
  meter: BacklogMeter;
  brake: Brake;
  notices: LogNotices;
}

export function startState({ brakes, clock, onNotice }: PumpDeps, target: PumpTarget): PumpState {
  return {
    ...NOTHING_COUNTED,
    catchUp: undefined,
    fruitless: 0,
    failure: undefined,
    fromBeginning: false,
    meter: createBacklogMeter(clock.now),
    brake: brakes.of(target.containerId),
    notices: createLogNotices((notice) => onNotice?.(target, notice)),
  };
}

/** A container that was not slowed down for this long is no longer said to be. */
const SLOWED_FOR_MS = 30_000;

/** The guard of one reading. */
export function guardFor(
  { size, log }: { size: EngineLogSize; log: Logger },
  { meter, brake, notices, fromBeginning }: PumpState,
  follow: boolean,
): FloodGuard {
  return createFloodGuard({
    meter,
    brake,
    size,
    follow,
    fromBeginning,
    onSlowed: () => {
      const cause = 'the container prints faster than its log can be stored, so it is slowed down and no line is lost';
      notices.raise({ topic: 'log-slowed', message: `${cause}; print less, or give the logs a faster disk` });
      notices.clear('log-slowed', SLOWED_FOR_MS);
    },
    onFailure: (error) => log.warn({ err: error }, 'A container cannot be slowed down or let go; trying again'),
  });
}
