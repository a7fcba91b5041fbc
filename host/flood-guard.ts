import type { LogRecord } from '../docker/engine';
import type { BacklogMeter } from './backlog-meter';
import type { Brake } from './brakes';

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
  /** Runs an append; one that takes long counts as falling behind. */
  whileStoring<T>(append: () => Promise<T>): Promise<T>;
  /** The reading has brought all there was for a while. */
  onSilence(): void;
  /** Ends the timers and waits for a pause under way. */
  close(): Promise<void>;
}

export interface FloodGuardDeps {
  meter: BacklogMeter;
  brake: Brake;
  size: EngineLogSize;
  follow: boolean;
  /** Called when the container was paused. */
  onSlowed: () => void;
  /** Called with what the brake failed with. */
  onFailure: (error: unknown) => void;
}

/** A paused container whose log was silent for this long has been read to the end. */
const DRAINED_MS = 50;
const RELEASE_AGAIN_MS = 1000;
const CHECK_MS = 100;
/** A container that could not be paused, as it ends or was paused by hand, is left alone for this long. */
const PAUSE_AGAIN_MS = 1000;

/**
 * Of what a follower can be behind before it may miss a file (`size.fileBytes`: it moves from the end of one file to the newest;
 * moby, daemon/logger/loggerutils/follow.go, "file rotations were missed"), an eighth pauses the container, and from a half on
 * the follow is not believed any more. A reading without follow opens all files first: it may take longer, until what is
 * written meanwhile comes to a quarter of what the engine keeps.
 */
export function createFloodGuard(deps: FloodGuardDeps): FloodGuard {
  const { meter, follow, size } = deps;
  const giveUpAtBytes = follow ? size.fileBytes / 2 : Number.POSITIVE_INFINITY;
  const state: State = { ...deps, pausing: null, drained: undefined, notBefore: 0, isStoring: false, isClosed: false };
  const checks = setInterval(() => state.isStoring && pauseIfBehind(state), CHECK_MS).unref();
  meter.begin();

  return {
    take: (records) => {
      clearTimeout(state.drained);
      meter.pass(records);
      pauseIfBehind(state);
      return unreadBytes(state) <= giveUpAtBytes;
    },
    whileStoring: async (append) => {
      state.isStoring = true;
      try {
        return await append();
      } finally {
        state.isStoring = false;
        releaseAfter(state, DRAINED_MS);
      }
    },
    onSilence: () => releaseAfter(state, 0),
    close: async () => {
      state.isClosed = true;
      clearTimeout(state.drained);
      clearInterval(checks);
      await state.pausing;
    },
  };
}

interface State extends FloodGuardDeps {
  /** Set while a pause is being asked for. */
  pausing: Promise<void> | null;
  drained: NodeJS.Timeout | undefined;
  /** No pause is asked for before this time. */
  notBefore: number;
  isStoring: boolean;
  isClosed: boolean;
}

function unreadBytes({ meter, brake: { engagedAt } }: State): number {
  return meter.unreadBytes(engagedAt === null ? 0 : Date.now() - engagedAt);
}

function pauseIfBehind(state: State): void {
  const { brake, follow, size } = state;
  if (state.pausing !== null || brake.engagedAt !== null || Date.now() < state.notBefore) return;
  const limitBytes = follow ? size.fileBytes / 8 : size.keptBytes / 4;
  if (unreadBytes(state) > limitBytes) state.pausing = pause(state);
}

async function pause(state: State): Promise<void> {
  const { brake, onSlowed, onFailure } = state;
  try {
    await brake.engage();
    if (brake.engagedAt === null) state.notBefore = Date.now() + PAUSE_AGAIN_MS;
    else onSlowed();
  } catch (error) {
    onFailure(error);
  }
  state.pausing = null;
  releaseAfter(state, DRAINED_MS);
}

/** Wakes a paused container unless something comes before. Only a follow that has brought something tells that by silence. */
function releaseAfter(state: State, ms: number): void {
  clearTimeout(state.drained);
  if (!state.follow || state.isClosed || state.isStoring || state.brake.engagedAt === null) return;
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
