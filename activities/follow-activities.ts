import type { ContainerOutcome, FollowActivities, FollowContainerInput } from '../contract/activities';
import type { ContainerInfo, Engine } from '../docker/engine';
import { commandNotRunnable } from '../docker/init-failure';
import { awaitEnd } from '../host/await-end';
import type { EngineHealth } from '../host/engine-health';
import { orAborted } from '../host/or-aborted';
import type { Pumps } from '../host/pumps';
import type { LogStore, Seal } from '../store/log-store';
import { unlessAbsent } from './engine-absence';
import { withHeartbeat } from './host-heartbeat';

export interface FollowActivityDeps {
  engine: Engine;
  health: EngineHealth;
  pumps: Pumps;
  logs: LogStore;
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
function followContainer(deps: FollowActivityDeps, input: FollowContainerInput): Promise<ContainerOutcome> {
  const { runId, attempt, containerId } = input;
  const pump = deps.pumps.adopt({ runId, attempt, containerId });
  return withHeartbeat(
    () => ({ lines: pump.lines() }),
    (signal) =>
      unlessAbsent(deps.health, signal, async (within) => {
        const info = await awaitEnd(deps.engine, containerId, within);
        const seal = await orAborted(pump.sealed, within);
        return outcome(info, seal, await commandProblem(deps.logs, input, info));
      }),
    HEARTBEAT_EVERY_MS,
  );
}

function outcome(info: ContainerInfo | null, seal: Seal, problem: string | null): ContainerOutcome {
  const vanished = info === null || isBeingRemoved(info);
  return {
    exitCode: vanished || info.finishedAt === null ? null : info.exitCode,
    oomKilled: info?.oomKilled ?? false,
    vanished,
    error: info?.error ?? '',
    commandProblem: problem,
    startedAt: info?.startedAt ?? null,
    finishedAt: info?.finishedAt ?? null,
    logLines: seal.lines,
    logGaps: seal.gaps,
  };
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
