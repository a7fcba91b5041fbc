import { Context } from '@temporalio/activity';

import type { ContainerOutcome, FollowActivities, FollowContainerInput } from '../contract/activities';
import type { ContainerInfo, Engine } from '../docker/engine';
import { commandNotRunnable } from '../docker/init-failure';
import { awaitEnd } from '../host/await-end';
import { startCheckpointKeeper, type CheckpointKeeperDeps } from '../host/checkpoint-keeper';
import { hasEnded, isLocalProcess } from '../host/container-state';
import type { ContainerWatch, ContainerWatches } from '../host/container-watch';
import { wasEndedByEngine } from '../host/ended-by-engine';
import type { EngineHealth } from '../host/engine-health';
import type { ToldNotices } from '../host/notices';
import { orAborted } from '../host/or-aborted';
import type { Pumps } from '../host/pumps';
import type { LogStore, Seal } from '../store/log-store';
import { unlessAbsent } from './engine-absence';
import { withHeartbeat } from './host-heartbeat';

export interface FollowActivityDeps extends CheckpointKeeperDeps {
  engine: Engine;
  health: EngineHealth;
  pumps: Pumps;
  logs: LogStore;
  watches: ContainerWatches;
}

/** What a heartbeat tells; the one who follows the container next goes on from it. */
interface Beat {
  lines: number;
  told?: ToldNotices;
}

/** Well below the heartbeat timeout of the workflow's call. */
const HEARTBEAT_EVERY_MS = 3000;

/** The long follows of one host; see contract/activities. */
export function createFollowActivities(deps: FollowActivityDeps): FollowActivities {
  return { followContainer: (input) => followContainer(deps, input) };
}

/**
 * Waits for the end of a container and of its log. It only looks on: whatever ends this activity, also an engine that is away
 * for long, the container and its pump go on.
 */
async function followContainer(deps: FollowActivityDeps, input: FollowContainerInput): Promise<ContainerOutcome> {
  const { runId, attempt, containerId } = input;
  const pump = deps.pumps.adopt({ runId, attempt, containerId });
  const before = Context.current().info.heartbeatDetails as Beat | undefined;
  const watch = deps.watches.begin(input, before?.told ?? {});
  const { keepCheckpoints: keep } = input;
  const stopKeeping = keep === undefined ? async () => undefined : startCheckpointKeeper(deps, runId, keep);
  const toItsEnd = async (within: AbortSignal): Promise<ContainerOutcome> => {
    const end = await seeEnd(deps, input, watch, within);
    const seal = await orAborted(pump.sealed, within);
    deps.watches.forget(containerId);
    return outcome(end, seal, await commandProblem(deps.logs, input, end.info));
  };
  try {
    return await withHeartbeat(
      () => beat(pump.lines(), watch.told()),
      // A local process needs no engine.
      (signal) => (input.asProcess ? toItsEnd(signal) : unlessAbsent(deps.health, signal, toItsEnd)),
      HEARTBEAT_EVERY_MS,
    );
  } finally {
    watch.end();
    await stopKeeping();
  }
}

function beat(lines: number, told: ToldNotices): Beat {
  return { lines, ...(Object.keys(told).length > 0 && { told }) };
}

interface End {
  info: ContainerInfo | null;
  engineRestarted: boolean;
}

async function seeEnd(
  { engine }: FollowActivityDeps,
  { containerId }: FollowContainerInput,
  watch: ContainerWatch,
  signal: AbortSignal,
): Promise<End> {
  const looks = new Set<'alive' | 'away'>();
  let awayBefore = false;
  const info = await awaitEnd(engine, containerId, signal, (look) => {
    looks.add(look);
    awayBefore = look === 'away';
  });
  if (info === null || !hasEnded(info) || isLocalProcess(info)) return { info, engineRestarted: false };
  // The common case needs no question: a program that ended well under eyes that never left it.
  const seenAllAlong = looks.has('alive') && !looks.has('away') && Context.current().info.attempt === 1;
  if (info.exitCode === 0 && seenAllAlong) return { info, engineRestarted: false };
  const known = { awayBefore, liveRestore: watch.liveRestore() };
  return { info, engineRestarted: await wasEndedByEngine(engine, info, known, signal) };
}

function outcome({ info, engineRestarted }: End, seal: Seal, problem: string | null): ContainerOutcome {
  const lost = info !== null && isLostProcess(info);
  const vanished = info === null || (!lost && isBeingRemoved(info));
  return {
    exitCode: vanished || lost || info.finishedAt === null ? null : info.exitCode,
    oomKilled: info?.oomKilled ?? false,
    vanished,
    engineRestarted,
    error: info?.error ?? '',
    commandProblem: problem,
    startedAt: info?.startedAt ?? null,
    finishedAt: info?.finishedAt ?? null,
    logLines: seal.lines,
    logGaps: seal.gaps,
  };
}

/** A local process of which nobody knows how it ended; its error says why. */
function isLostProcess(info: ContainerInfo): boolean {
  return info.status === 'dead' && isLocalProcess(info);
}

/** Somebody else's removal by force: we remove a container only after it was followed to its end. */
function isBeingRemoved({ status, exitCode }: ContainerInfo): boolean {
  return (status === 'removing' || status === 'dead') && exitCode !== 0;
}

async function commandProblem(
  logs: LogStore,
  { runId, attempt }: FollowContainerInput,
  info: ContainerInfo | null,
): Promise<string | null> {
  if (info === null || info.exitCode === 0) return null;
  const last: string[] = [];
  for await (const lines of logs.read(runId, { attempt, tail: 1 })) last.push(...lines.map(({ text }) => text));
  return commandNotRunnable(info.exitCode, last);
}
