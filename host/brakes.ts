import { join } from 'node:path';

import type { Engine } from '../docker/engine';
import { createInTurn } from '../contract/in-turn';
import { keepOnDisk, readMark, writeMark, writeMarkNow, type BrakeLevel, type Mark } from './brake-marks';
import { readAmounts } from './container-amounts';

export type { BrakeLevel };

type LimitCpus = (cpus: number) => boolean;

/** Slows one container down. */
export interface Brake {
  /** What we do to the container; null where it runs as it should. */
  readonly level: BrakeLevel | null;
  /** Since when, in milliseconds since 1970. */
  readonly engagedAt: number | null;
  /** True while the engine is being asked for something. */
  readonly isBusy: boolean;
  /** Slows the container down, or more so; nothing where it must run, does not, or somebody else has paused it. */
  engage(level: BrakeLevel): Promise<void>;
  /**
   * Slows the container down, more than its engine can, before it returns.
   *
   * @param limitCpus sets the CPUs of the container, without its engine; false where it cannot.
   * @param cpus that the container has, where this brake has not seen it otherwise before.
   * @returns false where nothing was done. Not for a brake that is busy.
   */
  hold(limitCpus: LimitCpus, cpus: number): boolean;
  /** Undoes what we did to the container. */
  release(): Promise<void>;
}

export type BrakingEngine = Pick<Engine, 'inspectContainer' | 'limitCpus' | 'pauseContainer' | 'unpauseContainer'>;
type OwnBrake = Brake & { letRun(): Promise<void> };

/** The brakes of one host. */
export interface Brakes {
  of(containerId: string): Brake;
  /** What a pump does to a container just now; a pause that is not ours is somebody's by hand. */
  levelOf(containerId: string): BrakeLevel | null;
  /** Releases the brake of a container for good: it is about to be ended. */
  letRun(containerId: string): Promise<void>;
  /** Forgets a container that is gone. */
  forget(containerId: string): void;
}

/**
 * What a brake does must be undone, by the next process too, and must be told from what people do by hand: before a
 * container is touched, a file with its id is in `folder` that says what it was, and it goes when all is undone.
 */
export function createBrakes(engine: BrakingEngine, folder: string): Brakes {
  const brakes = new Map<string, OwnBrake>();
  const of = (containerId: string): OwnBrake => {
    const brake = brakes.get(containerId) ?? createBrake(engine, folder, containerId);
    brakes.set(containerId, brake);
    return brake;
  };
  return {
    of,
    levelOf: (containerId) => of(containerId).level,
    letRun: (containerId) => of(containerId).letRun(),
    forget: (containerId) => void brakes.delete(containerId),
  };
}

interface State {
  engine: BrakingEngine;
  containerId: string;
  path: string;
  mark: Mark | null;
  engagedAt: number | null;
  /** CPUs that the container has while it is not slowed down; undefined before they are known. */
  cpus: number | null | undefined;
  mustRun: boolean;
  /** Set where the container is held without its engine. */
  limitCpus?: LimitCpus | undefined;
}

function createBrake(engine: BrakingEngine, folder: string, containerId: string): OwnBrake {
  const path = join(folder, containerId);
  const mark = readMark(path);
  const state: State = {
    engine,
    containerId,
    path,
    mark,
    engagedAt: mark && Date.now(),
    cpus: mark?.cpus,
    mustRun: false,
  };
  const turns = createInTurn();
  let turnsLeft = 0;
  const inTurn = async (act: () => Promise<void>): Promise<void> => {
    turnsLeft += 1;
    await turns.run(path, act).finally(() => (turnsLeft -= 1));
  };
  return {
    get isBusy() {
      return turnsLeft > 0;
    },
    get level() {
      return state.mark?.level ?? null;
    },
    get engagedAt() {
      return state.engagedAt;
    },
    engage: (level) => inTurn(() => engage(state, level)),
    hold: (limitCpus, cpus) => hold(state, limitCpus, cpus),
    release: () => inTurn(() => release(state)),
    letRun: () => {
      state.mustRun = true;
      return inTurn(() => release(state));
    },
  };
}

/** A hundredth of a CPU; an engine takes no less. */
const SLOW_CPUS = 0.01;

async function engage(state: State, level: BrakeLevel): Promise<void> {
  const { engine, containerId, mark } = state;
  if (state.mustRun || mark?.level === level || mark?.level === 'pause') return;
  const info = await engine.inspectContainer(containerId);
  if (info?.status !== 'running') return;
  const cpus = mark?.cpus ?? info.cpus;
  state.cpus = cpus;
  // One without a limit cannot be given that back.
  if (level === 'slow' && cpus === null) return;
  if (level === 'slow') state.limitCpus = undefined;
  await setMark(state, { level, cpus });
  // Beside the rest: to wait for a disk that is busy with a flood would let the flood go on.
  void keepOnDisk(state.path).catch(() => undefined);
  // Should this fail, it may have come to pass all the same: the mark stays, and the release undoes it.
  const done = level === 'slow' ? engine.limitCpus(containerId, SLOW_CPUS) : engine.pauseContainer(containerId);
  const isDone = await done.finally(() => {
    state.engagedAt = Date.now();
  });
  // It has ended since, or somebody has paused it by hand.
  if (!isDone) await setMark(state, mark);
}

/** What a container is held to for the moment in which its log is read. */
const HELD_CPUS = 0.001;

function hold(state: State, limitCpus: LimitCpus, cpus: number): boolean {
  if (state.mustRun || state.mark !== null) return false;
  state.cpus ??= cpus;
  setMarkNow(state, { level: 'slow', cpus: state.cpus });
  if (limitCpus(HELD_CPUS)) {
    state.limitCpus = limitCpus;
    state.engagedAt = Date.now();
    return true;
  }
  setMarkNow(state, null);
  return false;
}

async function release(state: State): Promise<void> {
  const { engine, containerId, mark } = state;
  if (mark === null) return;
  if (mark.level === 'pause') await engine.unpauseContainer(containerId);
  const cpus = mark.cpus === undefined ? await plannedCpus(state) : mark.cpus;
  // What was done without the engine is undone without it.
  if (cpus !== null && !state.limitCpus?.(cpus)) await engine.limitCpus(containerId, cpus);
  await setMark(state, null);
}

/** The CPUs that a container had before, where its mark does not tell; null where nothing else does, and they stay as they are. */
async function plannedCpus(state: State): Promise<number | null> {
  const info = await state.engine.inspectContainer(state.containerId);
  if (info === null || info.cpus === null) return null;
  const cpus = readAmounts(info.labels).cpus || info.cpus;
  if (cpus === SLOW_CPUS) return null;
  state.cpus = cpus;
  return cpus;
}

async function setMark(state: State, mark: Mark | null): Promise<void> {
  await writeMark(state.path, mark);
  if (mark === null) state.engagedAt = null;
  state.mark = mark;
}

function setMarkNow(state: State, mark: Mark | null): void {
  writeMarkNow(state.path, mark);
  state.mark = mark;
}
