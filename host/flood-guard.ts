import type { ContainerFiles } from '../docker/container-files';
import type { LogRecord } from '../docker/engine';
import { mostEngineBytes, type BacklogMeter } from './backlog-meter';
import type { Brake, BrakeLevel } from './brakes';
import { createLeftOutDoubt } from './left-out-doubt';
import { createLeftOutFiles } from './left-out-files';

/** How much an engine keeps of a container's log, in bytes: one file, and all of them but the one that may just be new. */
export interface EngineLogSize {
  fileBytes: number;
  keptBytes: number;
}

export function engineLogSize({ fileBytes, maxFiles }: { fileBytes: number; maxFiles: number }): EngineLogSize {
  return { fileBytes, keptBytes: fileBytes * (maxFiles - 1) };
}

/** Of the log of a local process nothing is ever thrown away, so it need not be slowed down. */
export const ALL_IS_KEPT: EngineLogSize = { fileBytes: Number.POSITIVE_INFINITY, keptBytes: Number.POSITIVE_INFINITY };

/** Keeps a container from printing more than one reading can take before the engine throws it away. */
export interface FloodGuard {
  /**
   * Takes the records of a read as soon as they have come, and slows the container down where they tell of too many. True where a follow
   * may have left out a file of the engine among them or right before them, and only a look at the log can tell.
   */
  arrive(records: readonly LogRecord[]): boolean;
  /**
   * Takes the records of a read, before they are stored. False where a follow has left out a file of the engine, or has fallen
   * behind so far that it may soon: these records must not be stored, and the follow is to end.
   */
  take(records: readonly LogRecord[]): boolean;
  /** True where the reading is so far behind, by all that its records tell, that the container must wait for it. */
  isFarBehind(): boolean;
  /** Runs an append; one that takes long counts as falling behind. */
  whileStoring<T>(append: () => Promise<T>): Promise<T>;
  /** The reading has brought all there was for a while. */
  onSilence(): void;
  /** Ends the timers and waits for what is being done to the container. */
  close(): Promise<void>;
}

export interface FloodGuardDeps {
  meter: BacklogMeter;
  brake: Brake;
  size: EngineLogSize;
  follow: boolean;
  /** True where the meter has seen the log from its beginning. */
  fromBeginning: boolean;
  /** What the engine can have written at most of what was stored and read so far; goes on here where its files are not seen. */
  mostWritten: { bytes: number };
  /**
   * Set where the files of the engine are seen. They tell what was left out, and by them the container is slowed down and let go
   * (flood-watch.ts), so that this leaves it alone.
   */
  files: ContainerFiles | null;
  /** Places of the log of which the files could not tell, and that were read without follow; goes on here. */
  lookedUp: Set<string>;
  /** Called when the container was slowed down. */
  onSlowed: () => void;
  /** Called with what the brake failed with. */
  onFailure: (error: unknown) => void;
}

/** A container that prints next to nothing, and whose log was silent for this long, has been read to the end. */
const DRAINED_MS = 50;
const RELEASE_AGAIN_MS = 1000;
const CHECK_MS = 100;
/** A container that could not be slowed down, as it ends or was paused by hand, is left alone for this long. */
const BRAKE_AGAIN_MS = 1000;

/**
 * A follower may be behind by one file (`size.fileBytes`) before it can miss one: it moves from the end of a file to the newest
 * (moby, daemon/logger/loggerutils/follow.go, "file rotations were missed"). At an eighth of that the container is slowed
 * down; at three, where that was not enough, it is paused; at six the follow is not believed any more. A reading
 * without follow opens all files first, so only what is written meanwhile counts, against what the engine keeps.
 *
 * How far behind a follow is, is an estimate from the records that have come, and in a burst that began while this process
 * stood still too few have. What was left out is none: see left-out-files.ts, and left-out-doubt.ts.
 */
export function createFloodGuard(deps: FloodGuardDeps): FloodGuard {
  const { meter, follow, files, size, mostWritten } = deps;
  const state: State = { ...deps, braking: null, drained: undefined, notBefore: 0, isStoring: false, isClosed: false };
  const leavesOut = files === null || !follow ? () => false : createLeftOutFiles(files, deps.lookedUp);
  const mayLeaveOut = createLeftOutDoubt({ fileBytes: size.fileBytes, mostWrittenBytes: () => mostWritten.bytes });
  const checks = setInterval(() => state.isStoring && brakeIfBehind(state), CHECK_MS).unref();
  meter.begin();

  return {
    arrive: (records) => {
      clearTimeout(state.drained);
      meter.pass(records);
      brakeIfBehind(state);
      if (files !== null) return false;
      mostWritten.bytes += mostEngineBytes(records);
      return follow && mayLeaveOut(records);
    },
    take: (records) => {
      if (!follow || files !== null) return !leavesOut(records);
      return isInFirstFile(state) || !isFarBehind(state);
    },
    isFarBehind: () => isFarBehind(state),
    whileStoring: async (append) => {
      state.isStoring = true;
      try {
        return await append();
      } finally {
        state.isStoring = false;
        releaseIfDrained(state);
      }
    },
    onSilence: () => releaseAfter(state, 0),
    close: async () => {
      state.isClosed = true;
      clearTimeout(state.drained);
      clearInterval(checks);
      await state.braking;
    },
  };
}

interface State extends FloodGuardDeps {
  /** Set while the brake is being engaged. */
  braking: Promise<void> | null;
  drained: NodeJS.Timeout | undefined;
  /** The brake is not engaged before this time. */
  notBefore: number;
  isStoring: boolean;
  isClosed: boolean;
}

function unreadBytes({ meter, brake: { engagedAt, level } }: State): number {
  if (engagedAt === null) return meter.unreadBytes();
  const agoMs = Date.now() - engagedAt;
  // A container that was slowed down may print on, as its newest records tell; one that was paused does not.
  return level === 'slow' && meter.hasPassed(agoMs) ? meter.unreadBytes() : meter.unreadBytes(agoMs);
}

/** Nothing is thrown away, and no file can be missed, before the engine has begun a second file. */
function isInFirstFile({ fromBeginning, meter, size }: State): boolean {
  return fromBeginning && meter.passedBytes() + meter.unreadBytes() < size.fileBytes / 2;
}

function isFarBehind(state: State): boolean {
  return state.follow && unreadBytes(state) > farBehindBytes(state);
}

function farBehindBytes({ size }: State): number {
  return (size.fileBytes * 3) / 4;
}

function brakeIfBehind(state: State): void {
  const { brake, follow, size } = state;
  if (state.files !== null) return;
  if (state.braking !== null || brake.level === 'pause' || Date.now() < state.notBefore || isInFirstFile(state)) return;
  const slowAtBytes = follow ? size.fileBytes / 8 : size.keptBytes / 4;
  const pauseAtBytes = follow ? (size.fileBytes * 3) / 8 : size.keptBytes / 2;
  const unread = unreadBytes(state);
  if (brake.level === null && unread > slowAtBytes) state.braking = engage(state, 'slow');
  else if (unread > pauseAtBytes) state.braking = engage(state, 'pause');
}

async function engage(state: State, level: BrakeLevel): Promise<void> {
  const { brake, onSlowed, onFailure } = state;
  try {
    await brake.engage(level);
    if (brake.level === level) onSlowed();
    else state.notBefore = Date.now() + BRAKE_AGAIN_MS;
  } catch (error) {
    onFailure(error);
  }
  state.braking = null;
  releaseIfDrained(state);
}

/** Only a follow that has brought something can tell that there is no more. */
function releaseIfDrained(state: State): void {
  const { brake, size } = state;
  if (brake.level === null) return;
  const isDrained = brake.level === 'slow' && unreadBytes(state) < size.fileBytes / 16;
  releaseAfter(state, isDrained ? 0 : DRAINED_MS);
}

function releaseAfter(state: State, ms: number): void {
  clearTimeout(state.drained);
  if (state.files !== null || !state.follow || state.isClosed || state.isStoring || state.brake.level === null) return;
  state.drained = setTimeout(() => void release(state), ms).unref();
}

async function release(state: State): Promise<void> {
  try {
    await state.brake.release();
  } catch (error) {
    state.onFailure(error);
    releaseAfter(state, RELEASE_AGAIN_MS);
  }
}
