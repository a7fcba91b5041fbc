import type { LogRecord } from '../docker/engine';
import type { BacklogMeter } from './backlog-meter';
import type { Brake } from './brakes';
import type { BrakeLevel } from './held-times';
import { createLeftOut } from './left-out';

/** How much an engine keeps of a container's log, in bytes: one file, and all of them but the one that may just be new. */
export interface EngineLogSize {
  fileBytes: number;
  keptBytes: number;
}

export function engineLogSize(config: { containerLogSizeBytes: number; containerLogFiles: number }): EngineLogSize {
  const { containerLogSizeBytes: fileBytes, containerLogFiles: files } = config;
  return { fileBytes, keptBytes: fileBytes * (files - 1) };
}

/** Keeps a container from printing more than one reading can take before the engine throws it away. */
export interface FloodGuard {
  /**
   * Takes the records of a read, before they are stored. False where a follow has fallen behind so far that the engine may
   * have left out a file since: these records must not be stored, and the follow is to end.
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
  /** Called when the container was slowed down. */
  onSlowed: () => void;
  /** Called with what the brake failed with. */
  onFailure: (error: unknown) => void;
}

/** A container that prints next to nothing, and whose log was silent for this long, has been read to the end. */
const DRAINED_MS = 50;
const RELEASE_AGAIN_MS = 1000;
const CHECK_MS = 100;
/** How long it takes to slow a container down. */
const BRAKING_MS = 300;
/** A container that could not be slowed down, as it ends or was paused by hand, is left alone for this long. */
const BRAKE_AGAIN_MS = 1000;

/**
 * A follower may be behind by one file (`size.fileBytes`) before it can leave one out. Where it is behind by an eighth of
 * that, or by more if the container is not so fast that it would be too late then, the container is slowed down; where that
 * was not enough, it is paused at a half. At three quarters the follow is not believed any more, nor where it may have left
 * out a file already (left-out.ts). A reading without follow opens all files first, so only what is written meanwhile counts,
 * against what the engine keeps.
 *
 * How far behind a follow is, is an estimate from the records that have come, and in a burst that began while this process
 * stood still too few have. What may have been left out is no estimate.
 */
export function createFloodGuard(deps: FloodGuardDeps): FloodGuard {
  const { meter, brake, follow } = deps;
  const state: State = { ...deps, braking: null, drained: undefined, notBefore: 0, isStoring: false, isClosed: false };
  const checks = setInterval(() => state.isStoring && brakeIfBehind(state), CHECK_MS).unref();
  const leftOut = createLeftOut({
    harmlessBytes: farBehindBytes(state),
    beginMs: meter.begin(),
    heldMs: brake.heldMs,
    mayEndFile: () => mayEndFile(state),
  });

  return {
    take: (records) => {
      clearTimeout(state.drained);
      meter.pass(records);
      brakeIfBehind(state);
      if (!follow) return true;
      const mostUnread = meter.mostUnreadBytes(brake.heldMs);
      const mayLack = leftOut.take(records, mostUnread <= farBehindBytes(state));
      return isInFirstFile(state, mostUnread) || !(mayLack || isTooFarBehind(state));
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
function isInFirstFile({ fromBeginning, meter, size }: State, unread = meter.unreadBytes()): boolean {
  return fromBeginning && meter.passedBytes() + unread < size.fileBytes / 2;
}

/** By how much each file may be larger than its size, as it ends with a whole record. */
const LARGER_BYTES = 262_144;
/** Of what was passed: records out of order are not always counted. */
const UNCOUNTED = 0.01;

/** An engine begins a file when the one before has its size, so where the log is known from its beginning, so are its files. */
function mayEndFile({ fromBeginning, meter, size: { fileBytes } }: State): boolean {
  if (!fromBeginning) return true;
  const passed = meter.passedBytes();
  const file = Math.max(1, Math.round(passed / fileBytes));
  const doubt = meter.passedDoubt() + passed * UNCOUNTED + file * LARGER_BYTES;
  return Math.abs(passed - file * fileBytes) <= doubt;
}

function isFarBehind(state: State): boolean {
  return state.follow && unreadBytes(state) > farBehindBytes(state);
}

/**
 * The follow of a container that is paused or has ended falls no further behind, so it may go on to the end of what there is. One that
 * goes on is read anew, without follow, before the engine throws away what the follow would leave out.
 */
function isTooFarBehind(state: State): boolean {
  const { brake, meter, size } = state;
  return brake.level !== 'pause' && !brake.hasEnded && meter.likelyUnreadBytes(brake.heldMs) > (size.keptBytes * 3) / 4;
}

function farBehindBytes({ size }: State): number {
  return (size.fileBytes * 3) / 4;
}

function brakeIfBehind(state: State): void {
  const { brake, follow, size } = state;
  if (state.braking !== null || brake.level === 'pause' || Date.now() < state.notBefore || isInFirstFile(state)) return;
  const slowAtBytes = follow ? slowFollowAt(state) : size.keptBytes / 4;
  const pauseAtBytes = follow ? size.fileBytes / 2 : size.keptBytes / 2;
  const unread = unreadBytes(state);
  if (brake.level === null && unread > slowAtBytes) state.braking = engage(state, 'slow');
  else if (unread > pauseAtBytes) state.braking = engage(state, 'pause');
}

/** Each time costs the engine work, and the container more than it must wait: so not before what comes meanwhile is in sight. */
function slowFollowAt({ meter, size }: State): number {
  return Math.max(size.fileBytes / 8, (size.fileBytes * 3) / 8 - meter.bytesIn(BRAKING_MS));
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
  if (!state.follow || state.isClosed || state.isStoring || state.brake.level === null) return;
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
