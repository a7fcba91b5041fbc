import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Engine } from '../docker/engine';
import { createInTurn } from './in-turn';

/** `slow`: a hundredth of a CPU. `pause`: nothing at all, which can cost a program that takes no short writes its output. */
export type BrakeLevel = 'slow' | 'pause';

/** Slows one container down. */
export interface Brake {
  /** What we do to the container; null where it runs as it should. */
  readonly level: BrakeLevel | null;
  /** Since when, in milliseconds since 1970. */
  readonly engagedAt: number | null;
  /** Slows the container down, or more so; nothing where it must run, does not, or somebody else has paused it. */
  engage(level: BrakeLevel): Promise<void>;
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

/** What the file of a container holds. */
interface Mark {
  level: BrakeLevel;
  /** CPUs that it had before. */
  cpus: number | null;
}

interface State {
  engine: BrakingEngine;
  containerId: string;
  path: string;
  mark: Mark | null;
  engagedAt: number | null;
  mustRun: boolean;
}

function createBrake(engine: BrakingEngine, folder: string, containerId: string): OwnBrake {
  const path = join(folder, containerId);
  const mark = readMark(path);
  const state: State = { engine, containerId, path, mark, engagedAt: mark && Date.now(), mustRun: false };
  const turns = createInTurn();
  return {
    get level() {
      return state.mark?.level ?? null;
    },
    get engagedAt() {
      return state.engagedAt;
    },
    engage: (level) => turns.run(path, () => engage(state, level)),
    release: () => turns.run(path, () => release(state)),
    letRun: () => {
      state.mustRun = true;
      return turns.run(path, () => release(state));
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
  // One without a limit cannot be given that back.
  if (level === 'slow' && cpus === null) return;
  await setMark(state, { level, cpus });
  // Should this fail, it may have come to pass all the same: the mark stays, and the release undoes it.
  const done = level === 'slow' ? engine.limitCpus(containerId, SLOW_CPUS) : engine.pauseContainer(containerId);
  const isDone = await done.finally(() => {
    state.engagedAt = Date.now();
  });
  // It has ended since, or somebody has paused it by hand.
  if (!isDone) await setMark(state, mark);
}

async function release(state: State): Promise<void> {
  const { engine, containerId, mark } = state;
  if (mark === null) return;
  if (mark.level === 'pause') await engine.unpauseContainer(containerId);
  if (mark.cpus !== null) await engine.limitCpus(containerId, mark.cpus);
  await setMark(state, null);
}

/** It need not survive the loss of power, as the container does not; to wait for the disk would let the flood go on. */
async function setMark(state: State, mark: Mark | null): Promise<void> {
  if (mark === null) {
    await rm(state.path, { force: true });
    state.engagedAt = null;
  } else {
    await mkdir(dirname(state.path), { recursive: true, mode: 0o750 });
    const unfinished = `${state.path}.tmp`;
    await writeFile(unfinished, JSON.stringify(mark), { mode: 0o640 });
    await rename(unfinished, state.path);
  }
  state.mark = mark;
}

function readMark(path: string): Mark | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Mark;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
