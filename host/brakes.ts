import { existsSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Engine } from '../docker/engine';
import { createInTurn } from './in-turn';

/** Slows one container down, by pausing it. */
export interface Brake {
  /** Since when the container is paused by us, in milliseconds since 1970; null where it is not. */
  readonly engagedAt: number | null;
  /** Pauses the container, unless somebody else did or it must run. */
  engage(): Promise<void>;
  /** Wakes it, if it is paused by us. */
  release(): Promise<void>;
}

type PausingEngine = Pick<Engine, 'pauseContainer' | 'unpauseContainer'>;
type OwnBrake = Brake & { letRun(): Promise<void> };

/** The brakes of one host. */
export interface Brakes {
  of(containerId: string): Brake;
  /** True where the container is paused by us, and not by hand. */
  isEngaged(containerId: string): boolean;
  /** Wakes a container, if it is paused by us, and never pauses it again: it is about to be ended. */
  letRun(containerId: string): Promise<void>;
  /** Forgets a container that is gone. */
  forget(containerId: string): void;
}

/**
 * Pauses and wakes containers. A pause of ours must be told from one by hand, also by the next process: before a container
 * is paused, a file with its id is on disk in `folder`, and it goes after the container was woken. So who finds the file
 * may wake the container, and nobody else may.
 */
export function createBrakes(engine: PausingEngine, folder: string): Brakes {
  const brakes = new Map<string, OwnBrake>();
  const of = (containerId: string): OwnBrake => {
    const brake = brakes.get(containerId) ?? createBrake(engine, folder, containerId);
    brakes.set(containerId, brake);
    return brake;
  };
  return {
    of,
    isEngaged: (containerId) => of(containerId).engagedAt !== null,
    letRun: (containerId) => of(containerId).letRun(),
    forget: (containerId) => void brakes.delete(containerId),
  };
}

function createBrake(engine: PausingEngine, folder: string, containerId: string): OwnBrake {
  const mark = join(folder, containerId);
  const state: State = { engine, containerId, mark, engagedAt: existsSync(mark) ? Date.now() : null, mustRun: false };
  const turns = createInTurn();
  return {
    get engagedAt() {
      return state.engagedAt;
    },
    engage: () => turns.run(mark, () => engage(state)),
    release: () => turns.run(mark, () => release(state)),
    letRun: () => {
      state.mustRun = true;
      return turns.run(mark, () => release(state));
    },
  };
}

interface State {
  engine: PausingEngine;
  containerId: string;
  mark: string;
  engagedAt: number | null;
  mustRun: boolean;
}

async function engage(state: State): Promise<void> {
  if (state.engagedAt !== null || state.mustRun) return;
  await writeMark(state.mark);
  try {
    if (await state.engine.pauseContainer(state.containerId)) state.engagedAt = Date.now();
    else await unmark(state);
  } catch (error) {
    // It may have come to pass all the same: the mark stays, and the release tries to wake the container.
    state.engagedAt = Date.now();
    throw error;
  }
}

async function release(state: State): Promise<void> {
  if (state.engagedAt === null) return;
  await state.engine.unpauseContainer(state.containerId);
  await unmark(state);
}

async function unmark(state: State): Promise<void> {
  await rm(state.mark, { force: true });
  state.engagedAt = null;
}

async function writeMark(mark: string): Promise<void> {
  await mkdir(dirname(mark), { recursive: true, mode: 0o750 });
  const handle = await open(mark, 'w', 0o640);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
