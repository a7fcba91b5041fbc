import type { Logger } from 'pino';

import type { FollowContainerInput } from '../contract/activities';
import type { SilenceReport } from '../contract/notice';
import type { Engine } from '../docker/engine';
import type { EngineClock } from './engine-clock';
import type { EngineView, EngineViews } from './engine-views';
import { lastLineAt } from './last-line';

/** The ear at one container while it is followed. */
export interface SilenceWatch {
  /** How long it has been silent as far as anybody listened, for who listens next; null where nobody asked. */
  silentMs(): number | null;
  end(): void;
}

export interface SilenceWatches {
  /**
   * Listens to a container and tells its run when it is silent for longer than the input says; nothing where that does not.
   *
   * @param silentMs how long it had been silent for the one who listened before, in another process.
   */
  begin(input: FollowContainerInput, silentMs: number | null): SilenceWatch;
  /** For a container that has ended. */
  forget(containerId: string): void;
}

export interface SilenceWatchDeps {
  engine: Pick<Engine, 'inspectContainer' | 'readLogs'>;
  engineViews: Pick<EngineViews, 'subscribe'>;
  clock: Pick<EngineClock, 'adjust' | 'aheadMs'>;
  /** True where we hold a container back, so that it cannot write as it would. */
  isHeldBack: (containerId: string) => boolean;
  /** When the newest checkpoint of a run was written to, in milliseconds since 1970; null where there is none. */
  lastCheckpointAt: (runId: string) => Promise<number | null>;
  /** Brings a report to a run, which may get it twice; false where the run has ended. Rejects where it is out of reach. */
  sendSilence: (runId: string, report: SilenceReport) => Promise<boolean>;
  log: Logger;
  /** Default: the clock of this machine. */
  now?: () => number;
}

/** Views come every few seconds; where none came for this long, this process, or its machine, stood still. */
const STOOD_STILL_MS = 15_000;
/** A run that was told and let the container go on is told again after this. */
const TELL_AGAIN_MS = 5 * 60_000;

/**
 * What counts is when a line was written, by the engine's own record of it, and not when our pump has read it: a pump that is
 * behind, or a worker that was away, silences nobody. Time in which nobody listened, the engine was away, or the container was
 * paused or held back is no silence; after the latter two it begins anew.
 */
export function createSilenceWatches(given: SilenceWatchDeps): SilenceWatches {
  const deps = { now: Date.now, ...given };
  const memories = new Map<string, number>();
  return {
    begin: (input, silentMs) => {
      const { containerId, silenceMs } = input;
      if (silenceMs === undefined) return { silentMs: () => null, end: () => undefined };
      const ear = createEar(deps, { ...input, silenceMs }, silentMs ?? memories.get(containerId) ?? 0);
      const unsubscribe = deps.engineViews.subscribe(ear.onView);
      return {
        silentMs: ear.silentMs,
        end: () => {
          unsubscribe();
          memories.set(containerId, ear.silentMs());
        },
      };
    },
    forget: (containerId) => void memories.delete(containerId),
  };
}

type Watched = FollowContainerInput & { silenceMs: number };

function createEar(deps: Required<SilenceWatchDeps>, container: Watched, silentMs: number) {
  const { now, log, isHeldBack } = deps;
  const { runId, attempt, containerId, silenceMs } = container;
  let viewedMs = now();
  let heardMs = viewedMs - silentMs;
  let isAsking = false;
  let tellAfterMs = 0;
  let isOutOfReach = false;

  const ask = async (): Promise<void> => {
    heardMs = Math.max(heardMs, await newestSignOf(deps, container));
    if (now() - heardMs < silenceMs || (await deps.engine.inspectContainer(containerId))?.status !== 'running') return;
    await deps.sendSilence(runId, { attempt, silenceMs, since: new Date(heardMs).toISOString() });
    tellAfterMs = now() + TELL_AGAIN_MS;
    isOutOfReach = false;
  };

  const onView = (view: EngineView): void => {
    if (now() - viewedMs > STOOD_STILL_MS) heardMs += now() - viewedMs;
    viewedMs = now();
    const standing = isHeldBack(containerId) ? 'excused' : standingOf(view, container);
    if (standing === 'excused') heardMs = now();
    if (standing !== 'runs' || isAsking || now() - heardMs < silenceMs || now() < tellAfterMs) return;
    isAsking = true;
    ask()
      .catch((error: unknown) => {
        if (!isOutOfReach)
          log.warn({ err: error, runId }, 'Whether a container is silent cannot be told; trying again');
        isOutOfReach = true;
      })
      .finally(() => {
        isAsking = false;
      });
  };

  return { onView, silentMs: () => Math.max(0, now() - heardMs) };
}

/** `excused`: it cannot write. `unknown`: nobody can tell now, or it has ended. */
function standingOf(
  { awaySince, states }: EngineView,
  { containerId, asProcess }: FollowContainerInput,
): 'runs' | 'excused' | 'unknown' {
  // A local process needs no engine, and nobody lists it while that is away.
  if (asProcess) return 'runs';
  if (awaySince !== null) return 'excused';
  const state = states?.get(containerId);
  if (state === 'running') return 'runs';
  return state === 'paused' || state === 'restarting' ? 'excused' : 'unknown';
}

/** When the container last wrote a line or a checkpoint, by the clock of this machine. */
async function newestSignOf(
  { engine, clock, lastCheckpointAt }: SilenceWatchDeps,
  container: Watched,
): Promise<number> {
  const checkpointMs = (await lastCheckpointAt(container.runId)) ?? 0;
  if (container.asProcess) return Math.max(checkpointMs, await lastLineAt(engine, container.containerId));
  await clock.adjust();
  const lineMs = await lastLineAt(engine, container.containerId);
  return Math.max(checkpointMs, lineMs - clock.aheadMs);
}
