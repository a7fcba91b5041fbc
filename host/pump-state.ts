import type { Logger } from 'pino';

import type { ContainerFiles } from '../docker/container-files';
import type { ContainerInfo } from '../docker/engine';
import type { LogWriter } from '../store/log-store';
import { createBacklogMeter, type BacklogMeter } from './backlog-meter';
import { createBeginningCheck, type BeginningCheck } from './beginning-check';
import type { Brake } from './brakes';
import { createFloodGuard, type FloodGuard, type FloodGuardDeps } from './flood-guard';
import { watchFlood, type FloodWatch } from './flood-watch';
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
  /** Null after any round that failed in another way, or came to its end. */
  refusals: Refusals | null;
  /** True from an append that found no room until one that did. */
  isDiskFull: boolean;
  /** True where nothing was stored when this process came: it has seen the log from its beginning. */
  fromBeginning: boolean;
  /** Goes on over readings that are broken off; undefined where there is none to go on. */
  beginning: BeginningCheck | undefined;
  /** Up to where the log has been read and stored, in milliseconds since 1970 by the clock of the engine; null before anybody has looked. */
  readUpToMs: number | null;
  /** What can be reached of the container by files; null where nothing can, undefined where that is not known yet. */
  files: ContainerFiles | null | undefined;
  watch: FloodWatch | undefined;
  meter: BacklogMeter;
  /** What the engine can have written at most of what was stored and read so far, where this process does not see its files. */
  mostWritten: { bytes: number };
  /** Places where a follow may have left something out, and what lies between is read. */
  lookedUp: Set<string>;
  brake: Brake;
  notices: LogNotices;
}

/** Readings in a row that failed although the engine answers, of the log of a container that has ended. */
export interface Refusals {
  count: number;
  /** When the first of them failed, by `performance.now`. */
  sinceMs: number;
}

export function startState({ brakes, clock, onNotice }: PumpDeps, target: PumpTarget): PumpState {
  return {
    ...NOTHING_COUNTED,
    catchUp: undefined,
    fruitless: 0,
    failure: undefined,
    refusals: null,
    isDiskFull: false,
    fromBeginning: false,
    beginning: undefined,
    readUpToMs: null,
    files: undefined,
    watch: undefined,
    meter: createBacklogMeter(clock.now),
    mostWritten: { bytes: 0 },
    lookedUp: new Set(),
    brake: brakes.of(target.containerId),
    notices: createLogNotices((notice) => onNotice?.(target, notice)),
  };
}

/** A container that was not slowed down for this long is no longer said to be. */
const SLOWED_FOR_MS = 30_000;

/** The guard of one reading. */
export function guardFor({ size, log }: Pick<PumpDeps, 'size' | 'log'>, state: PumpState, follow: boolean): FloodGuard {
  const { meter, mostWritten, brake, fromBeginning, lookedUp } = state;
  return createFloodGuard({
    meter,
    mostWritten,
    brake,
    size,
    follow,
    fromBeginning,
    lookedUp,
    files: (state.watch && state.files) ?? null,
    ...reports(state, log),
  });
}

/**
 * What tells whether the engine has thrown away the beginning of the log. Another process than the one that has stored the first lines
 * cannot tell: it does not know whether the engine had them all then. A copy is compared with what the run's log has when it is brought there.
 */
export function beginningFor(
  { late, size, clock }: Pick<PumpDeps, 'late' | 'size' | 'clock'>,
  writer: LogWriter,
  state: PumpState,
): BeginningCheck | undefined {
  if (late === null) return undefined;
  const isWhole = (): boolean => isWholeIn(state);
  if (writer.attemptLines === 0) state.beginning = createBeginningCheck(size.keptBytes, clock.now(), isWhole);
  else state.beginning?.resume(writer);
  return state.beginning;
}

function isWholeIn({ files }: PumpState): boolean {
  try {
    return files?.log().isWhole ?? false;
  } catch {
    return false;
  }
}

/** Watches the log of a container that runs, for as long as it is pumped, where it can be reached by files. */
export function watchFor({ log }: { log: Logger }, state: PumpState, info: ContainerInfo): void {
  const { files, brake } = state;
  // One without a limit of CPUs cannot be given that back.
  if (state.watch !== undefined || !files || info.cpus === null || info.startedAt === null) return;
  state.watch = watchFlood({
    files,
    brake,
    cpus: info.cpus,
    startedMs: Date.parse(info.startedAt),
    readUpToMs: () => state.readUpToMs,
    mustWait: () => state.isDiskFull,
    ...reports(state, log),
  });
}

/** Stored lines begin with their time and stream, too; but each byte of a text may take six in the engine's log. */
const MOST_FOR_STORED = 7;

/** The most that the engine has written of what is stored, in bytes. */
export function mostWrittenBytes({ initialBytes }: LogWriter, info: ContainerInfo | null): number {
  if (initialBytes === null || !info?.log?.isPlain) return Number.POSITIVE_INFINITY;
  return initialBytes * MOST_FOR_STORED;
}

function reports({ notices }: PumpState, log: Logger): Pick<FloodGuardDeps, 'onSlowed' | 'onFailure'> {
  return {
    onSlowed: () => {
      const cause = 'the container prints faster than its log can be stored, so it is slowed down and no line is lost';
      notices.raise({ topic: 'log-slowed', message: `${cause}; print less, or give the logs a faster disk` });
      notices.clear('log-slowed', SLOWED_FOR_MS);
    },
    onFailure: (error) => log.warn({ err: error }, 'A container cannot be slowed down or let go; trying again'),
  };
}
