import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { ContainerInfo } from '../docker/engine';
import { EngineError } from '../docker/errors';
import type { NewLogLine, Seal } from '../store/log-store';
import { hasEnded } from './container-state';
import { logTimeNow, removedEarlyNote, unreadableNote } from './log-notes';
import { readOnce, type ReadingDeps, type ReadingInput } from './pump-reading';
import { NOTHING_COUNTED, sealLog, type SealCounts } from './seal-log';

const DEFAULT_SILENCE_MS = 30_000;
const LONGEST_PAUSE_MS = 5000;
/** A log that the engine fails to read this often in a row, although the engine answers, is given up. */
const UNREADABLE_AFTER = 8;
/** A container that started this long ago may have a long log already. */
const FRESH_MS = 5000;

export interface PumpDeps extends Omit<ReadingDeps, 'onStored'> {
  log: Logger;
  /** Write each line to `log`, too. */
  echo: boolean;
  /** Size of one file of the engine's own log, in bytes. */
  containerLogSizeBytes: number;
  /** A follow without news for this long is checked; default 30 s. */
  silenceMs?: number;
}

export interface PumpTarget {
  runId: string;
  attempt: number;
  containerId: string;
}

/** What this process knows of a container beside what is stored. */
interface PumpState extends SealCounts {
  /** True while there may be much to read: without follow, since a follower that is behind can miss rotated files. */
  catchUp: boolean | undefined;
  /** Rounds in a row that failed, or brought nothing. */
  fruitless: number;
  failure: unknown;
}

/**
 * Brings the log of one container into the store, each line once and in order, and seals it when the container has ended
 * and all is read.
 *
 * INVARIANTS
 * 1. Every reading begins from what the store holds, as `openWriter` reads it back; nothing is carried over in memory. A
 *    crash, an engine that went away and a stream that stalled are therefore one case.
 * 2. The log is sealed only after a reading without follow that began when the container had ended already: what a
 *    follow left out at the end comes then.
 * 3. It never gives up while the container may write, and never touches the container.
 *
 * @param onLines called with the number of lines that were newly stored.
 * @throws the reason of `signal`, and nothing else.
 */
export async function pumpLog(
  deps: PumpDeps,
  target: PumpTarget,
  onLines: (lines: number) => void,
  signal: AbortSignal,
): Promise<Seal> {
  const { runId, attempt, containerId } = target;
  const log = deps.log.child({ runId, attempt, containerId });
  const state: PumpState = { ...NOTHING_COUNTED, catchUp: undefined, fruitless: 0, failure: undefined };
  const onStored = (lines: readonly NewLogLine[]): void => {
    onLines(lines.filter(({ stream }) => stream !== 'system').length);
    if (deps.echo) for (const { stream, text } of lines) log.info({ stream }, `[TRAIN] ${runId} ${text}`);
  };
  for (;;) {
    signal.throwIfAborted();
    try {
      const seal = await pumpOnce({ ...deps, onStored }, target, state, signal);
      if (seal !== null) return seal;
    } catch (error) {
      signal.throwIfAborted();
      if (state.failure === undefined) log.warn({ err: error }, 'The log of a container cannot be read; trying again');
      state.failure = error;
      state.fruitless += 1;
    }
    await pause(state.fruitless, signal);
  }
}

/** One round: look at the container, read what there is to read. Null where there is more to come. */
async function pumpOnce(
  deps: PumpDeps & ReadingDeps,
  target: PumpTarget,
  state: PumpState,
  signal: AbortSignal,
): Promise<Seal | null> {
  const info = await deps.engine.inspectContainer(target.containerId);
  if (info?.status === 'created') {
    state.fruitless += 1;
    return null;
  }
  const writer = await deps.logs.openWriter(target.runId, target.attempt);
  try {
    if (writer.sealed !== null) return writer.sealed;
    state.recount ||= state.catchUp === undefined && writer.attemptLines > 0;
    if (info === null) return await sealLog(deps.logs, target, writer, state, removedEarlyNote(logTimeNow()));
    if (isUnreadable(info, state)) return await sealLog(deps.logs, target, writer, state, unreadableNote(logTimeNow()));
    const last = hasEnded(info);
    state.catchUp ??= isOld(info);
    await readInto(deps, { ...target, writer, last, follow: !last && !state.catchUp, signal }, state);
    return last ? await sealLog(deps.logs, target, writer, state) : null;
  } finally {
    await writer.close();
  }
}

async function readInto(
  deps: PumpDeps & ReadingDeps,
  reading: Pick<ReadingInput, keyof PumpTarget | 'writer' | 'last' | 'follow' | 'signal'>,
  state: PumpState,
): Promise<void> {
  const backlogBytes = deps.containerLogSizeBytes / 8;
  const silenceMs = deps.silenceMs ?? DEFAULT_SILENCE_MS;
  const result = await readOnce(deps, { ...reading, backlogBytes, silenceMs, counts: state });
  state.catchUp = result.behind || (!reading.follow && result.storedBytes > backlogBytes);
  state.fruitless = result.storedLines > 0 ? 0 : state.fruitless + 1;
  state.failure = undefined;
}

/** The engine answers, but cannot read the log of a container that has ended: trying on would never end. */
function isUnreadable(info: ContainerInfo, { failure, fruitless }: PumpState): boolean {
  return hasEnded(info) && failure instanceof EngineError && fruitless >= UNREADABLE_AFTER;
}

function isOld({ startedAt }: ContainerInfo): boolean {
  return startedAt === null || Date.now() - Date.parse(startedAt) > FRESH_MS;
}

/** Once at once, then after 100 ms, and twice as long each time. */
async function pause(fruitless: number, signal: AbortSignal): Promise<void> {
  if (fruitless < 2) return;
  await sleep(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** Math.min(fruitless - 2, 10)), undefined, { signal });
}
