import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { prepareDataFolder } from './data-folder';
import type { LogStore } from './log-store';
import type { Checkpoint } from './logs/cursor';
import { findSeal } from './logs/find-seal';
import { createLogReader, type CheckpointMemory, type LogReader } from './logs/reader';
import { listLogs, readRemoval, removeLog } from './logs/removal';
import { logPaths } from './logs/segments';
import { openWriter } from './logs/writer';
import { createWriterClaims } from './logs/writer-claims';

export interface FileLogStoreOptions {
  /** A live log is set aside and compressed once it is larger than this, in bytes. */
  segmentBytes: number;
  /** Default: the clock of the machine. */
  now?: () => Date;
  /**
   * Told when a file that was set aside could not be compressed. Nothing is lost: it stays as it is, and the next writer of
   * the run tries again. Default: a warning of the process.
   */
  onCompressionFailure?: (error: unknown, path: string) => void;
}

/** Runs whose place in the live file is remembered. */
const MOST_CHECKPOINTS = 1_000;

/**
 * The logs of one machine, in files below `<data>/logs`; docs/logs.md tells their form. Any number of processes may read
 * while one of them writes the log of a run; who writes is in `<data>/logs/.writers` ({@link createWriterClaims}).
 *
 * @throws {StoreError} where the data folder cannot be used.
 */
export function openLogStore(dataFolder: string, options: FileLogStoreOptions): LogStore {
  const folder = join(prepareDataFolder(dataFolder), 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const { segmentBytes, now = () => new Date(), onCompressionFailure = warn } = options;
  const memory = createCheckpointMemory();
  const readerOf = (runId: string): LogReader => createLogReader(logPaths(folder, runId), memory.of(runId));
  const claims = createWriterClaims(join(folder, '.writers'));

  return {
    openWriter: async (runId, attempt) => {
      const paths = logPaths(folder, runId);
      const claim = claims.claim(runId);
      return openWriter(paths, attempt, claim, { segmentBytes, now, onCompressionFailure });
    },
    read: (runId, query) => readerOf(runId).read(query),
    scan: (runId, query) => readerOf(runId).scan(query),
    follow: (runId, query) => readerOf(runId).follow(query),
    sealOf: (runId, attempt) => findSeal(readerOf(runId), attempt),
    size: async (runId) => readerOf(runId).size(),
    list: () => listLogs(folder),
    remove: async (runId, because) => {
      const claim = claims.claim(runId);
      try {
        await removeLog(logPaths(folder, runId), { at: now().toISOString(), because });
      } finally {
        claim.release();
      }
    },
    removal: async (runId) => readRemoval(logPaths(folder, runId)),
    pathOf: (runId) => logPaths(folder, runId).live,
  };
}

/** Remembers the places of the runs that were read last. */
function createCheckpointMemory(): { of(runId: string): CheckpointMemory } {
  const checkpoints = new Map<string, Checkpoint>();

  const remember = (runId: string, checkpoint: Checkpoint): void => {
    checkpoints.delete(runId);
    checkpoints.set(runId, checkpoint);
    const [oldest] = checkpoints.keys();
    if (checkpoints.size > MOST_CHECKPOINTS && oldest !== undefined) checkpoints.delete(oldest);
  };

  return {
    of: (runId) => ({ get: () => checkpoints.get(runId), set: (checkpoint) => remember(runId, checkpoint) }),
  };
}

function warn(error: unknown, path: string): void {
  process.emitWarning(`the log ${path} could not be compressed: ${String(error)}`);
}
