import { Context } from '@temporalio/activity';

import type { StartContainerInput, StartedContainer } from '../contract/activities';
import type { InTurn } from '../contract/in-turn';
import { LOG_STREAMS } from '../contract/log-streams';
import { LABELS } from '../contract/names';
import type { Engine } from '../docker/engine';
import { EngineError, NameTakenError, NotFoundError } from '../docker/errors';
import { newestCheckpoint, removeUnfinished } from '../host/checkpoints';
import { planContainer } from '../host/container-plan';
import { isCalledUnstarted, isStartForgotten, START_FORGOTTEN } from '../host/forgotten-start';
import { gpuHolders } from '../host/gpu-holders';
import type { MachineView } from '../host/machine';
import { resolveMounts } from '../host/mounts';
import { formLabel, ownContainers, readIdentity } from '../host/own-containers';
import { attemptPaths } from '../host/paths';
import { planGangNetwork } from '../host/gang-plan';
import { removeContainer, removeUnstarted } from '../host/remove-container';
import { prepareRunFiles } from '../host/run-files';
import { failure } from './failure';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';
import { watchLease } from './lease-watch';

type StartDeps = HostActivityDeps & {
  machines: MachineView;
  /** By run: starts of one never go side by side. */
  starts: InTurn;
};

/**
 * Makes and starts the container of an attempt, after no other container of its run is left on this engine. Called again, it
 * finds the container that it made; one that ever ran is never started a second time.
 */
export function startContainer(deps: StartDeps, input: StartContainerInput): Promise<StartedContainer> {
  return withHeartbeat(
    () => undefined,
    // A worker that was frozen may still be at it when Temporal has handed it the next try: that one finds what came of it.
    (signal) => deps.starts.run(input.runId, () => startInTurn(deps, input, signal)),
  );
}

async function startInTurn(
  deps: StartDeps,
  input: StartContainerInput,
  signal: AbortSignal,
): Promise<StartedContainer> {
  signal.throwIfAborted();
  const checkLease = watchLease(deps.standingOf, input, Context.current().info.currentAttemptScheduledTimestampMs);
  const isThere = await removeOthers(deps, input, signal);
  if (!isThere) {
    await checkUnused(deps, input);
    await checkRoom(deps, input);
  }
  // Of a container that is there already, it may be what it writes now.
  if (input.spec.checkpoint && !isThere && !isLaterNode(input)) await clearCheckpoints(deps, input.runId);
  const plan = await makePlan(deps, input);
  try {
    const shared = input.gang && planGangNetwork(input.gang, deps.config.host);
    if (shared) await deps.engine.ensureNetwork(shared);
    const { id } = await deps.engine.createContainer(plan);
    await checkLease();
    // A run that has given this call up waits with its clean-up for the end of it, and takes the container along.
    signal.throwIfAborted();
    return await startOnce(deps, input, id);
  } catch (error) {
    throw startFailure(error);
  }
}

/**
 * Invariant: never two containers of one run at once. An older one goes, its log stored; a newer one makes this call void.
 *
 * One that an earlier try of this call made and that has not started is made anew: an engine that was killed over its start
 * may have forgotten that start. Its removal ends what runs; started once more, its engine would write each line twice.
 *
 * @returns true where the container of this attempt is there already.
 * @throws where that one has printed and its engine has forgotten it: the log of an attempt is of one execution.
 */
async function removeOthers(deps: HostActivityDeps, input: StartContainerInput, signal: AbortSignal): Promise<boolean> {
  let isThere = false;
  const ofRun = { [LABELS.run]: input.runId, ...formLabel(input) };
  for (const { id, labels, state } of await ownContainers(deps.engine, deps.config.host, ofRun)) {
    const other = readIdentity(labels);
    const isOwn = other.epoch === input.epoch && other.attempt === input.attempt;
    if (isOwn) {
      if (isRetry(input) && state === 'created' && (await neverRan(deps.engine, id, signal)))
        await removeUnstarted(deps, id);
      else isThere = true;
      continue;
    }
    if (other.epoch > input.epoch || other.attempt > input.attempt) {
      const what = `attempt ${other.attempt} of epoch ${other.epoch}`;
      throw failure('internal-error', `this call is too late: ${what} of ${input.runId} is on the host already`);
    }
    await removeContainer(deps, { ...other, containerId: id }, signal);
  }
  return isThere;
}

/** The list of an engine can be older than what it tells of one container: what it is about to start, it tells of only then. */
async function neverRan(engine: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  const info = await engine.inspectContainer(id);
  if (info !== null && (await isStartForgotten(engine, info, signal))) throw startForgotten();
  return info === null || info.status === 'created';
}

function isRetry({ again }: StartContainerInput): boolean {
  return again === true || Context.current().info.attempt > 1;
}

/**
 * The log of an attempt is of one execution: one that has begun, by a try whose end nobody heard, had its container. Whoever removed
 * that meanwhile, its lines stay the only ones.
 */
async function checkUnused({ logs }: StartDeps, input: StartContainerInput): Promise<void> {
  if (!isRetry(input)) return;
  const { runId, attempt } = input;
  for await (const lines of logs.read(runId, { attempt, tail: 1, streams: [...LOG_STREAMS] })) {
    if (lines.length > 0) throw failure('container-vanished', 'its log has begun, and it is gone');
  }
}

/** What was leased must be free, whatever has happened since: room on the disks, and the GPUs. */
async function checkRoom(deps: HostActivityDeps, input: StartContainerInput): Promise<void> {
  await deps.disks.check(input);
  const wanted = input.lease?.gpuIds ?? [];
  if (wanted.length === 0) return;
  for (const { runId, attempt, gpuIds } of await gpuHolders(deps.engine, deps.config.host, formLabel(input))) {
    const taken = gpuIds.find((id) => wanted.includes(id));
    if (taken === undefined || runId === input.runId) continue;
    // So that the pool gets to know of it before it gives the GPU to the next.
    void deps.gpus.look();
    throw failure('start-failed', `GPU ${taken} was not freed: attempt ${attempt} of run ${runId} still has it`);
  }
}

/** What a dead attempt did not finish goes, so that the next finds complete checkpoints only. */
async function clearCheckpoints({ config, log }: HostActivityDeps, runId: string): Promise<void> {
  try {
    await removeUnfinished(config.data, runId);
  } catch (error) {
    // By its name it is known to be unfinished, so it can do no more harm than to take up room.
    log.warn({ err: error, runId }, 'What an attempt left unfinished among its checkpoints cannot be removed');
  }
}

/** The first node of a gang may be at work on a checkpoint already. */
function isLaterNode({ gang }: StartContainerInput): boolean {
  return gang !== undefined && gang.rank > 0;
}

async function makePlan({ config }: HostActivityDeps, input: StartContainerInput) {
  if (input.asProcess && config.host.fallback !== 'process') {
    throw failure('start-failed', `${config.host.name} does not allow local processes any more (host.fallback: none)`);
  }
  const binds = await resolveMounts(input.spec.mounts, config.host);
  const paths = attemptPaths(config.data, input);
  const newest = input.spec.checkpoint ? await newestCheckpoint(config.data, input.gang?.of ?? input.runId) : null;
  const plan = planContainer(input, { host: config.host, paths, binds, resumeFrom: newest?.name ?? null });
  await prepareRunFiles(paths, input.spec);
  return plan;
}

async function startOnce(deps: StartDeps, input: StartContainerInput, id: string): Promise<StartedContainer> {
  await deps.engine.startContainer(id);
  deps.pumps.adopt({ runId: input.runId, attempt: input.attempt, containerId: id });
  const info = await deps.engine.inspectContainer(id);
  if (info !== null) await deps.images.used(info.imageId);
  if (info !== null && isCalledUnstarted(info)) throw startForgotten();
  if (info?.startedAt == null) throw new NotFoundError(`container ${id} was removed while it was being started`);
  const machine = await deps.machines.of({ ...input, imageId: info.imageId });
  return { containerId: id, containerName: info.name, startedAt: info.startedAt, machine };
}

function startForgotten(): Error {
  return failure('engine-restarted', START_FORGOTTEN);
}

function startFailure(error: unknown): unknown {
  const isOfStart = [EngineError, NameTakenError, NotFoundError].some((kind) => error instanceof kind);
  return isOfStart ? failure('start-failed', (error as Error).message, error) : error;
}
