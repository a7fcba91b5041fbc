import type { Logger } from 'pino';

import { isLogInUseError } from '../store/errors';
import type { LateLogOwner, LateLogStore } from '../store/late-log-store';
import type { LogStore, Seal } from '../store/log-store';
import { mergeCopy } from './late-merge';
import { pumpLog } from './log-pump';
import type { PumpDeps, PumpTarget } from './pump-deps';

/**
 * What becomes of the log of a container whose attempt was given up: its host came back when the run went on elsewhere, so
 * the container must go at once, and the run's log may be somebody else's to write.
 */
export interface LateLogs {
  /**
   * Copies all that the engine has of the log of a container that has ended. When it returns, the copy is sealed and on
   * disk, and the container may be removed. Called again, it goes on where it was cut off.
   *
   * @throws the reason of `signal`.
   */
  rescue(target: PumpTarget, signal: AbortSignal): Promise<Seal>;
  /**
   * Brings every copy into the log of its run that nobody is writing now, seals it there and removes the copy. For the
   * start, and for now and then; several processes may do it at once.
   */
  merge(): Promise<LateMerge>;
}

export interface LateMerge {
  merged: LateLogOwner[];
  /** Copies that have to wait: they are not whole yet, or the log of their run is being written. */
  waiting: LateLogOwner[];
}

export interface LateLogsDeps extends Omit<PumpDeps, 'logs' | 'late' | 'echo'> {
  logs: LogStore;
  late: LateLogStore;
  log: Logger;
}

export function createLateLogs(deps: LateLogsDeps): LateLogs {
  return {
    rescue: async (target, signal) => {
      const copy = await deps.late.open(ownerOf(target));
      return pumpLog({ ...deps, logs: copy, late: null, echo: false }, target, () => undefined, signal);
    },
    merge: async () => {
      const result: LateMerge = { merged: [], waiting: [] };
      for (const owner of await deps.late.list()) {
        const merged = await mergeOne(deps, owner).catch((error: unknown) => {
          deps.log.warn({ err: error, ...owner }, 'A late log cannot be brought into the log of its run yet');
          return false;
        });
        (merged ? result.merged : result.waiting).push(owner);
      }
      return result;
    },
  };
}

/** False where it has to wait. */
async function mergeOne({ logs, late, log }: LateLogsDeps, owner: LateLogOwner): Promise<boolean> {
  const { runId, attempt, containerId } = owner;
  try {
    const copy = await late.find(containerId);
    if (copy === null) return true;
    const writer = await logs.openWriter(runId, attempt);
    try {
      const seal = await mergeCopy(logs, copy, owner, writer);
      if (seal === null) return false;
      log.info({ ...owner, ...seal }, 'A late log is in the log of its run now');
    } finally {
      await writer.close();
    }
    await late.remove(containerId);
    return true;
  } catch (error) {
    if (isLogInUseError(error)) return false;
    throw error;
  }
}

function ownerOf({ runId, attempt, containerId }: PumpTarget): LateLogOwner {
  return { runId, attempt, containerId };
}
