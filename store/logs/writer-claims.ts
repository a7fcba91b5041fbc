import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { isMissing } from '../../contract/is-missing';
import { LogInUseError, StoreError } from '../errors';
import { lockFile, type FileLock } from '../sqlite/file-lock';

/** Which runs' logs are being written, across all processes of a data folder. */
export interface WriterClaims {
  /** @throws {LogInUseError} while another writer of the run is open, in this process or in another one. */
  claim(runId: string): WriterClaim;
}

export interface WriterClaim {
  /** A second call does nothing. */
  release(): void;
}

interface State {
  folder: string;
  owner: { name: string; lock: FileLock } | null;
  claims: number;
}

const OWNER = 'owner-';
const CLAIM = 'run-';
const MUTEX = 'takeover.lock';
/** Those who hold the mutex do a handful of calls to the file system. */
const MUTEX_PATIENCE_MS = 5000;

/**
 * Claims of the runs' logs in a folder of their own.
 *
 * A claim is a symbolic link `run-<id>` that names its owner: making it succeeds for one, costs a call, and needs no room on
 * a full disk. An owner holds one lock of the kernel's, whatever the number of its claims, on the file of its name; when its
 * process dies, the lock is free, and with it all its claims are void.
 *
 * INVARIANTS
 * 1. An owner's file is locked as long as there is a claim of its own.
 * 2. A void claim is removed, and an owner's file made or removed, only under the mutex. So nobody takes away a claim that
 *    somebody else has just taken over.
 */
export function createWriterClaims(folder: string): WriterClaims {
  const state: State = { folder, owner: null, claims: 0 };
  return {
    claim: (runId) => {
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      const owner = (state.owner ??= enter(folder));
      state.claims += 1;
      try {
        makeClaim(folder, runId, owner.name);
      } catch (error) {
        leaveIfLast(state);
        throw error;
      }
      let isHeld = true;
      return {
        release() {
          if (!isHeld) return;
          isHeld = false;
          rmSync(claimPath(folder, runId), { force: true });
          leaveIfLast(state);
        },
      };
    },
  };
}

/** Becomes an owner, and clears up after those that died. */
function enter(folder: string): { name: string; lock: FileLock } {
  return withMutex(folder, () => {
    sweep(folder);
    const name = `${OWNER}${process.pid}-${randomUUID()}`;
    const lock = lockFile(join(folder, name), 0);
    if (lock === null) throw new Error(`the new file ${name} is locked already`);
    return { name, lock };
  });
}

function leaveIfLast(state: State): void {
  state.claims -= 1;
  if (state.claims > 0 || state.owner === null) return;
  const { name, lock } = state.owner;
  state.owner = null;
  rmSync(join(state.folder, name), { force: true });
  lock.release();
}

function makeClaim(folder: string, runId: string, owner: string): void {
  const path = claimPath(folder, runId);
  if (tryLink(owner, path)) return;
  const holder = readHolder(path);
  if (holder === undefined || isAlive(folder, holder)) throw new LogInUseError(runId, pidOf(holder));
  withMutex(folder, () => {
    // Somebody else may have been quicker.
    const now = readHolder(path);
    if (now !== undefined && !isAlive(folder, now)) rmSync(path, { force: true });
    if (!tryLink(owner, path)) throw new LogInUseError(runId, pidOf(readHolder(path)));
  });
}

function tryLink(owner: string, path: string): boolean {
  try {
    symlinkSync(owner, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined where the claim was given back just now. */
function readHolder(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isAlive(folder: string, owner: string): boolean {
  const path = join(folder, owner);
  if (!existsSync(path)) return false;
  const lock = lockFile(path, 0);
  lock?.release();
  return lock === null;
}

/** Removes the claims and files of owners that died; under the mutex. */
function sweep(folder: string): void {
  const names = readdirSync(folder);
  const owners = names.filter((name) => name.startsWith(OWNER));
  const dead = owners.filter((name) => !isAlive(folder, name));
  const alive = new Set(owners.filter((name) => !dead.includes(name)));
  for (const name of names.filter((each) => each.startsWith(CLAIM))) {
    const holder = readHolder(join(folder, name));
    if (holder !== undefined && !alive.has(holder)) rmSync(join(folder, name), { force: true });
  }
  for (const name of dead) rmSync(join(folder, name), { force: true });
}

function withMutex<T>(folder: string, act: () => T): T {
  const path = join(folder, MUTEX);
  const mutex = lockFile(path, MUTEX_PATIENCE_MS);
  if (mutex === null) {
    throw new StoreError(`the lock ${path} is held for too long`, 'look for a process that hangs with it open');
  }
  try {
    return act();
  } finally {
    mutex.release();
  }
}

function claimPath(folder: string, runId: string): string {
  return join(folder, CLAIM + runId);
}

function pidOf(owner: string | undefined): number | undefined {
  return Number.parseInt(owner?.slice(OWNER.length) ?? '', 10) || undefined;
}
