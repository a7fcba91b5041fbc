import { Context } from '@temporalio/activity';

import type { ContainerOutcome, FollowActivities, FollowContainerInput } from '../contract/activities';
import type { Findings } from '../contract/evidence';
import type { ContainerInfo, ContainerUsage, Engine } from '../docker/engine';
import { commandNotRunnable } from '../docker/init-failure';
import { awaitEnd } from '../host/await-end';
import { startCheckpointKeeper, type CheckpointKeeperDeps } from '../host/checkpoint-keeper';
import { hasEnded, isLocalProcess } from '../host/container-state';
import type { ContainerWatch, ContainerWatches } from '../host/container-watch';
import { wasEndedByEngine } from '../host/ended-by-engine';
import type { EngineHealth } from '../host/engine-health';
import { isCalledUnstarted, START_FORGOTTEN } from '../host/forgotten-start';
import { findEvidence, type NewestCheckpoint } from '../host/find-evidence';
import { kernelKills } from '../host/kernel-log';
import type { ToldNotices } from '../host/notices';
import { orAborted } from '../host/or-aborted';
import type { Pumps } from '../host/pumps';
import type { SilenceWatches } from '../host/silence-watch';
import { startUsageMeter } from '../host/usage-meter';
import { sawKill } from '../policy/evidence/memory';
import { readLogEnd } from '../store/log-end';
import type { LogLine, LogStore, Seal } from '../store/log-store';
import { unlessAbsent } from './engine-absence';
import { withHeartbeat } from './host-heartbeat';

export interface FollowActivityDeps extends CheckpointKeeperDeps {
  engine: Engine;
  health: EngineHealth;
  pumps: Pumps;
  logs: LogStore;
  watches: ContainerWatches;
  newestCheckpoint: NewestCheckpoint;
  silences: SilenceWatches;
}

/** What a heartbeat tells; the one who follows the container next goes on from it. */
interface Beat {
  lines: number;
  told?: ToldNotices;
  /** What the container was seen to use; the kernel forgets it with the container. */
  usage?: ContainerUsage;
  /** How long the container has been silent; see SilenceWatch. */
  silentMs?: number;
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
  const meter = startUsageMeter(deps.engine, containerId, before?.usage);
  const silence = deps.silences.begin(input, before?.silentMs ?? null);
  const { keepCheckpoints: keep } = input;
  const stopKeeping = keep === undefined ? async () => undefined : startCheckpointKeeper(deps, runId, keep);
  const toItsEnd = async (within: AbortSignal): Promise<ContainerOutcome> => {
    const end = await seeEnd(deps, input, watch, within);
    // Of a local process its shim has counted all to the end; of a container nothing is left to count.
    if (input.asProcess) await meter.look();
    const { sealed } = end.isForgotten ? deps.pumps.adopt({ runId, attempt, containerId, isForgotten: true }) : pump;
    const seal = await orAborted(sealed, within);
    deps.watches.forget(containerId);
    deps.silences.forget(containerId);
    const lines = await readLogEnd(deps.logs, input);
    const usage = meter.seen();
    const [oomKills, evidence] = await Promise.all([
      countKills(input, end.info, usage),
      findEvidence(deps.newestCheckpoint, input, { info: end.info, lines }),
    ]);
    const findings = { ...usage, oomKills, ...evidence };
    return outcome(end, seal, { problem: commandProblem(lines, end.info), findings });
  };
  try {
    return await withHeartbeat(
      () => beat(pump.lines(), watch.told(), meter.seen(), silence.silentMs()),
      // A local process needs no engine.
      (signal) => (input.asProcess ? toItsEnd(signal) : unlessAbsent(deps.health, signal, toItsEnd)),
      HEARTBEAT_EVERY_MS,
    );
  } finally {
    watch.end();
    meter.end();
    silence.end();
    await stopKeeping();
  }
}

function beat(lines: number, told: ToldNotices, usage: ContainerUsage, silentMs: number | null): Beat {
  const isKnown = Object.values(usage).some((value) => value !== null);
  return {
    lines,
    ...(Object.keys(told).length > 0 && { told }),
    ...(isKnown && { usage }),
    ...(silentMs !== null && { silentMs }),
  };
}

interface End {
  info: ContainerInfo | null;
  engineRestarted: boolean;
  /** It has run, whatever its engine says. */
  isForgotten?: true;
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
  if (info !== null && isCalledUnstarted(info)) {
    return { info: { ...info, error: START_FORGOTTEN }, engineRestarted: true, isForgotten: true };
  }
  if (info === null || !hasEnded(info) || isLocalProcess(info)) return { info, engineRestarted: false };
  // The common case needs no question: a program that ended well under eyes that never left it.
  const seenAllAlong = looks.has('alive') && !looks.has('away') && Context.current().info.attempt === 1;
  if (info.exitCode === 0 && seenAllAlong) return { info, engineRestarted: false };
  const known = { awayBefore, liveRestore: watch.liveRestore() };
  return { info, engineRestarted: await wasEndedByEngine(engine, info, known, signal) };
}

/** Of a container that failed for no kill for memory that was seen, the kernel is asked. */
async function countKills(
  { containerId }: FollowContainerInput,
  info: ContainerInfo | null,
  findings: ContainerUsage,
): Promise<number | null> {
  const seen = findings.oomKills;
  if (info === null || info.exitCode === 0 || isLocalProcess(info)) return seen;
  if (sawKill({ oomKilled: info.oomKilled, findings })) return seen;
  return (await kernelKills(containerId)) ?? seen;
}

function outcome(
  { info, engineRestarted, isForgotten }: End,
  seal: Seal,
  { problem, findings }: { problem: string | null; findings: Findings },
): ContainerOutcome {
  const lost = info !== null && isLostProcess(info);
  const vanished = info === null || (!lost && isBeingRemoved(info));
  return {
    exitCode: vanished || lost || info.finishedAt === null ? null : info.exitCode,
    oomKilled: info?.oomKilled ?? false,
    vanished,
    engineRestarted,
    ...(isForgotten && { mayStillRun: isForgotten }),
    error: info?.error ?? '',
    commandProblem: problem,
    startedAt: info?.startedAt ?? null,
    finishedAt: info?.finishedAt ?? null,
    logLines: seal.lines,
    logGaps: seal.gaps,
    findings,
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

function commandProblem(lines: readonly LogLine[], info: ContainerInfo | null): string | null {
  if (info === null || info.exitCode === 0) return null;
  const texts = lines.slice(-1).map(({ text }) => text);
  return commandNotRunnable(info.exitCode, texts);
}
