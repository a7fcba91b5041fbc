import type { ContainerInfo } from '../docker/engine';
import { isLogDiskFullError } from '../store/errors';
import type { LogWriter, NewLogLine, Seal } from '../store/log-store';
import { newestMs } from './clock-step';
import { hasEnded, isAlive, isLocalProcess } from './container-state';
import { pauseBeforeLoss } from './disk-full';
import { ALL_IS_KEPT, engineLogSize } from './flood-guard';
import { introduce } from './introduce';
import { mergeCopy } from './late-merge';
import { logTimeNow, lostNote, removedEarlyNote, unreadableNote } from './log-notes';
import type { PumpDeps, PumpTarget } from './pump-deps';
import { isUnreadable, orRefused, pause, takeFailure } from './pump-failure';
import { readOnce, type ReadingDeps } from './pump-reading';
import { beginningFor, guardFor, mostWrittenBytes, startState, watchFor, type PumpState } from './pump-state';
import { sealLog } from './seal-log';

const DEFAULT_SILENCE_MS = 30_000;
/** A disk on which lines were stored for this long is not full any more. */
const ROOM_FOR_MS = 3000;
/** A container that started this long ago may have a long log already. */
const FRESH_MS = 5000;
/** In this time a busy engine opens a log once more. */
const REOPENING_MS = 2000;
/** Within this time no engine fills a file of its log. */
const JUST_STARTED_MS = 250;

/**
 * Brings the log of one container into the store, each line once and in order, and seals it when the container has ended
 * and all is read.
 *
 * INVARIANTS
 * 1. Every reading begins from what the store holds, as `openWriter` reads it back. A crash, an engine that went away and
 *    a stream that stalled are therefore one case. Only the last reading, right after a follow that failed in nothing,
 *    begins from what the writer of that follow knows: reading back a long log would hold up its seal.
 * 2. The log is sealed only after a reading without follow that began when the container had ended already: what a
 *    follow left out at the end comes then.
 * 3. It never gives up while the container may write. All that it does to the container is to slow it down where the
 *    engine would throw lines away, and that ends when the pump does.
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
  const log = deps.log.child({ ...target });
  const state = startState(deps, target);
  const onStored = (lines: readonly NewLogLine[]): void => {
    // Soon: the follow that stores them may go on for hours, and on a full disk a short line may fit where the next does not.
    state.notices.clear('log-disk-full', ROOM_FOR_MS);
    state.isDiskFull = false;
    state.refusals = null;
    onLines(lines.filter(({ stream }) => stream !== 'system').length);
    if (deps.echo) for (const { stream, text } of lines) log.info({ stream }, `[TRAIN] ${target.runId} ${text}`);
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        const seal = await pumpOnce({ ...deps, log, onStored }, target, state, signal);
        if (seal !== null) return seal;
        state.refusals = null;
      } catch (error) {
        signal.throwIfAborted();
        takeFailure(state, error, log);
      }
      await pause(state, signal);
    }
  } finally {
    state.watch?.close();
    state.notices.close();
    await state.brake
      .release()
      .catch((err: unknown) => log.warn({ err }, 'A container that was slowed down is not let go yet'));
  }
}

/** One round: look at the container, read what there is to read. Null where there is more to come. */
async function pumpOnce(
  given: PumpDeps & ReadingDeps,
  target: PumpTarget,
  state: PumpState,
  signal: AbortSignal,
): Promise<Seal | null> {
  const info = await look(given, target, state);
  const deps = info?.log ? { ...given, size: engineLogSize(info.log) } : given;
  const isProcess = info !== null && isLocalProcess(info);
  // A local process has the clock of this machine, and no engine that could be asked for another.
  if (!isProcess) await deps.clock.adjust();
  if (info?.status === 'created') {
    state.fruitless += 1;
    return null;
  }
  const writer = await openWriter(deps, target, state, signal);
  try {
    if (writer.sealed !== null) {
      if (info !== null && isAlive(info))
        given.log.error('A container runs whose log is sealed; what it prints is not stored');
      return writer.sealed;
    }
    if (state.catchUp === undefined) {
      state.recount ||= writer.attemptLines > 0;
      state.fromBeginning = writer.attemptLines === 0 && !isOlderThan(deps, info, JUST_STARTED_MS);
    }
    state.mostWritten.bytes = Math.max(state.mostWritten.bytes, mostWrittenBytes(writer, info));
    if (info === null) return await sealGone(deps, target, writer, state, signal);
    if (isUnreadable(info, state)) return await sealLog(deps.logs, target, writer, state, unreadableNote(logTimeNow()));
    if (isLogDiskFullError(state.failure) && !isProcess) {
      await pauseBeforeLoss({ ...deps, ...target, ...state, signal }, writer.resume);
    }
    await introduce(deps.logs, target, writer, info);
    const read = (seen: ContainerInfo): Promise<Seal | null> =>
      readRound(isProcess ? { ...deps, size: ALL_IS_KEPT } : deps, target, { writer, info: seen }, state, signal);
    return await readOn(info, read, () => look(deps, target, state));
  } finally {
    await writer.close();
  }
}

/** Looks at the container, and has its log watched from the first time on that it runs. */
async function look(deps: PumpDeps, target: PumpTarget, state: PumpState): Promise<ContainerInfo | null> {
  const { engine } = deps;
  const { containerId } = target;
  const find = state.files === undefined ? engine.filesOf(containerId) : state.files;
  const [info, files] = await Promise.all([engine.inspectContainer(containerId), find]);
  // One that does not run yet is asked again.
  if (info !== null && info.status !== 'created') state.files = files;
  if (info !== null) watchFor(deps, state, info);
  return target.isForgotten && info?.status === 'created' ? { ...info, status: 'exited' } : info;
}

async function openWriter(
  deps: PumpDeps,
  target: PumpTarget,
  state: PumpState,
  signal: AbortSignal,
): Promise<LogWriter> {
  try {
    const writer = await deps.logs.openWriter(target.runId, target.attempt);
    state.readUpToMs = writer.resume === null ? 0 : Date.parse(writer.resume.since);
    return writer;
  } catch (error) {
    state.readUpToMs ??= 0;
    // Nobody can tell how much of it is stored, so all of it counts.
    if (isLogDiskFullError(error)) await pauseBeforeLoss({ ...deps, ...target, ...state, signal }, null);
    throw error;
  }
}

async function sealGone(
  deps: PumpDeps,
  target: PumpTarget,
  writer: LogWriter,
  state: PumpState,
  signal: AbortSignal,
): Promise<Seal> {
  const copied = await takeCopy(deps, target, writer, signal);
  return copied ?? sealLog(deps.logs, target, writer, state, removedEarlyNote(logTimeNow()));
}

/** The log of a container that was removed, after it was copied. Null where it was not. */
async function takeCopy(
  deps: PumpDeps,
  target: PumpTarget,
  writer: LogWriter,
  signal: AbortSignal,
): Promise<Seal | null> {
  const copy = (await deps.late?.find(target.containerId)) ?? null;
  if (copy === null) return null;
  // Who makes it is waited for; one that nobody makes any more ends here, with a note of a gap.
  await pumpLog({ ...deps, logs: copy, late: null, echo: false }, target, () => undefined, signal);
  return mergeCopy(deps.logs, copy, target, writer);
}

/** Reads, and once more where that has brought it to the end of the container. Null where there is more to come. */
async function readOn(
  info: ContainerInfo,
  read: (info: ContainerInfo) => Promise<Seal | null>,
  lookAgain: () => Promise<ContainerInfo | null>,
): Promise<Seal | null> {
  const seal = await read(info);
  if (seal !== null) return seal;
  const now = await lookAgain();
  return now !== null && hasEnded(now) ? read(now) : null;
}

async function readRound(
  deps: PumpDeps & ReadingDeps,
  target: PumpTarget,
  { writer, info }: { writer: LogWriter; info: ContainerInfo },
  state: PumpState,
  signal: AbortSignal,
): Promise<Seal | null> {
  const last = hasEnded(info);
  state.catchUp ??= isOlderThan(deps, info, FRESH_MS);
  const follow = !last && !state.catchUp;
  const wasPaused = state.brake.level === 'pause';
  const guard = guardFor(deps, state, follow);
  const silenceMs = deps.silenceMs ?? DEFAULT_SILENCE_MS;
  const onRead = (time: string): void => void (state.readUpToMs = newestMs(state.readUpToMs ?? 0, Date.parse(time)));
  const reading = { ...target, writer, last, follow, signal, guard, silenceMs, counts: state, onRead };
  const beginning = beginningFor(deps, writer, state);
  const result = await orRefused(info, readOnce(deps, { ...reading, beginning }));
  // What a paused container printed is all read; of another one there is more by now if this took long.
  if (result.farBehind && !state.watch) await state.brake.engage('pause');
  else if (result.behind && !state.watch && state.meter.bytesIn(REOPENING_MS) > deps.size.keptBytes / 2)
    await state.brake.engage('slow');
  state.catchUp = result.behind || (!follow && !wasPaused && result.storedBytes > deps.size.fileBytes / 8);
  state.fruitless = result.storedLines > 0 ? 0 : state.fruitless + 1;
  state.failure = undefined;
  // Such a reading has brought all that the engine held.
  if (!follow) state.beginning = undefined;
  // One that was given up has not come to what could not be stored.
  if (!result.behind) state.notices.clear('log-disk-full');
  if (!last) return null;
  return sealLog(deps.logs, target, writer, state, result.isGone ? lostNote(logTimeNow()) : undefined);
}

function isOlderThan({ clock }: Pick<PumpDeps, 'clock'>, info: ContainerInfo | null, ms: number): boolean {
  if (info === null || info.startedAt === null) return true;
  return (isLocalProcess(info) ? Date.now() : clock.now()) - Date.parse(info.startedAt) > ms;
}
