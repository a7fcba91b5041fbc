import type { ContainerFiles, EngineLogFiles } from '../docker/container-files';
import type { Brake, BrakeLevel } from './brakes';
import { isSetBack } from './clock-step';
import { NEXT_MS } from './left-out-files';

export interface FloodWatch {
  close(): void;
}

export interface FloodWatchDeps {
  files: ContainerFiles;
  brake: Brake;
  /** CPUs that the container has. */
  cpus: number;
  /** When it was started, in milliseconds since 1970, by the clock of this machine, which is the engine's. */
  startedMs: number;
  /** Up to where its log has been read and stored, by the same clock; null where nobody has looked yet. */
  readUpToMs: () => number | null;
  /** True where the container must wait whatever the engine keeps, as its log cannot be stored. */
  mustWait: () => boolean;
  /** Called when the container was slowed down, and each second while it is. */
  onSlowed: () => void;
  /** Called with what the brake failed with. */
  onFailure: (error: unknown) => void;
}

/** A container is slowed down when its engine, at this rate, will throw away within this time what is not stored, */
const AHEAD_MS = 2000;
/** or when it prints more than this, 5 MB/s, and will fill the next file while the one before is still being read: */
const FLOOD_BYTES_PER_MS = 5000;
/** a follow would leave that out, and all would have to be read again. */
const NEXT_FILE_AHEAD_MS = 500;
/** Of a file: before the newest holds this much, who reads may just be about to come to it. */
const JUST_BEGUN = 1 / 16;
/** A container that was slowed down shows how much it prints then after this long. */
const SETTLED_MS = 300;
/** A container that could not be slowed down is left alone for this long. */
const BRAKE_AGAIN_MS = 1000;
const TELL_AGAIN_MS = 1000;
/** By how much the newest record may be older than its file: what is held may print nothing more that would tell. */
const WRITING_MS = 100;
/** How often the log of a container is looked at that prints little, and of one that prints much. */
const QUIET_MS = 100;
const BUSY_MS = 10;
/** Per millisecond: 2 MB/s. */
const BUSY_BYTES_PER_MS = 2000;
/** The time over which it is measured how fast the container prints. */
const RATE_MS = 200;
const LEAST_RATE_MS = 50;

/**
 * Slows a container down before its engine throws away lines that are not stored, by the sizes of the engine's own files: it
 * takes nearly no time, asks nobody, and sees what was written although nothing of it has been read yet. So it works where the
 * engine is too busy to answer, and this process too busy to read.
 *
 * As long as what is stored reaches into the newest file, all others may go, and the container runs as it likes. Where it does
 * not, there is room until the file that it reaches into is thrown away.
 */
export function watchFlood(deps: FloodWatchDeps): FloodWatch {
  const rate = createRate(deps.startedMs);
  const state: State = { ...deps, notBefore: 0, toldAt: Number.NEGATIVE_INFINITY };
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const log = logOf(deps);
    const bytesPerMs = log === null ? 0 : rate.pass(log.writtenBytes);
    const filesBehind = log === null ? 0 : filesAfter(log, deps.readUpToMs());
    if (log !== null && filesBehind > 0) brakeInTime(state, log, filesBehind, bytesPerMs);
    if (log !== null && filesBehind === 0) releaseIfHeld(state);
    else if (deps.brake.level !== null) tellAgain(state);
    const isBusy = deps.brake.level !== null || bytesPerMs > BUSY_BYTES_PER_MS;
    timer = setTimeout(look, isBusy ? BUSY_MS : QUIET_MS).unref();
  };

  look();
  return { close: () => clearTimeout(timer) };
}

interface State extends FloodWatchDeps {
  /** The brake is not engaged before this time, in milliseconds of a clock that nobody sets; neither is the next. */
  notBefore: number;
  /** When it was last told that the container is slowed down. */
  toldAt: number;
}

/** Null where the engine is just beginning a new file, or the container has been removed. */
function logOf({ files, onFailure }: FloodWatchDeps): EngineLogFiles | null {
  try {
    const log = files.log();
    return log.files.length > 0 ? log : null;
  } catch (error) {
    onFailure(error);
    return null;
  }
}

/**
 * How many files are newer than the one that what is stored reaches into. A file may have been changed a little after the time of the
 * newest record that was read, although all of it was: a container that is held may never print the later one that would tell.
 *
 * A file that was filled before the clock was set back seems to be from after all that came later. What came later was all written after
 * its end, so it counts as one that ended as late as that did. Where what was read seems to be from after the newest file, it
 * is from before, and nobody can tell how many files came since.
 */
function filesAfter({ files }: EngineLogFiles, readUpToMs: number | null): number {
  if (readUpToMs === null) return 0;
  let nextMs = files[0]!.changedMs;
  if (isSetBack(readUpToMs, nextMs)) return files.length - 1;
  const reached = files.findIndex(({ changedMs }, index) => {
    const roomMs = isSetBack(changedMs, nextMs) ? WRITING_MS : NEXT_MS;
    nextMs = Math.min(nextMs, changedMs);
    return index > 0 && nextMs <= readUpToMs + roomMs;
  });
  return reached < 0 ? files.length - 1 : reached - 1;
}

/** How much the engine can write before it throws away something that is not stored. */
function roomBytes({ fileBytes, maxFiles, files }: EngineLogFiles, filesBehind: number): number {
  return (maxFiles - filesBehind) * fileBytes - (files[0]?.bytes ?? 0);
}

function brakeInTime(state: State, log: EngineLogFiles, filesBehind: number, bytesPerMs: number): void {
  const { brake, files, cpus, onFailure } = state;
  if (brake.isBusy || performance.now() < state.notBefore) return;
  const room = roomBytes(log, filesBehind);
  const isNear = room < bytesPerMs * AHEAD_MS;
  if (brake.level === null) {
    if ((filesBehind === 1 && isJustBegun(log)) || !(isNear || fillsNextFile(log, bytesPerMs))) return;
    try {
      if (!brake.hold(files.limitCpus, cpus)) void engage(state, 'slow');
      else tellAgain(state);
    } catch (error) {
      state.notBefore = performance.now() + BRAKE_AGAIN_MS;
      onFailure(error);
    }
  } else if (brake.level === 'slow' && (isNear || room < log.fileBytes / 4)) {
    // Where the clock was set back since, this is certain as well.
    const isSettled = Math.abs(Date.now() - (brake.engagedAt ?? 0)) > SETTLED_MS;
    if (isSettled) void engage(state, 'pause');
  }
}

function isJustBegun({ fileBytes, files }: EngineLogFiles): boolean {
  return (files[0]?.bytes ?? 0) < fileBytes * JUST_BEGUN;
}

function fillsNextFile({ fileBytes, files }: EngineLogFiles, bytesPerMs: number): boolean {
  return bytesPerMs > FLOOD_BYTES_PER_MS && fileBytes - (files[0]?.bytes ?? 0) < bytesPerMs * NEXT_FILE_AHEAD_MS;
}

function tellAgain(state: State): void {
  if (performance.now() - state.toldAt < TELL_AGAIN_MS || state.mustWait()) return;
  state.toldAt = performance.now();
  state.onSlowed();
}

function releaseIfHeld(state: State): void {
  const { brake, mustWait, onFailure } = state;
  if (brake.level === null || brake.isBusy || performance.now() < state.notBefore || mustWait()) return;
  brake.release().catch((error: unknown) => {
    state.notBefore = performance.now() + BRAKE_AGAIN_MS;
    onFailure(error);
  });
}

async function engage(state: State, level: BrakeLevel): Promise<void> {
  const { brake, onSlowed, onFailure } = state;
  try {
    await brake.engage(level);
    if (brake.level === level) onSlowed();
    else state.notBefore = performance.now() + BRAKE_AGAIN_MS;
  } catch (error) {
    state.notBefore = performance.now() + BRAKE_AGAIN_MS;
    onFailure(error);
  }
}

/** How fast bytes come, of the last {@link RATE_MS}; at first, of the time since they began to come. */
function createRate(startedMs: number): { pass(bytes: number): number } {
  let samples = [{ atMs: performance.now() - Math.max(0, Date.now() - startedMs), bytes: 0 }];
  return {
    pass: (bytes) => {
      const atMs = performance.now();
      const first = samples.find((sample) => sample.atMs >= atMs - RATE_MS) ?? samples.at(-1)!;
      samples = [...samples.filter((sample) => sample.atMs >= first.atMs), { atMs, bytes }];
      return (bytes - first.bytes) / Math.max(LEAST_RATE_MS, atMs - first.atMs);
    },
  };
}
