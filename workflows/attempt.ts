import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type {
  AdmittedRun,
  AssignedHost,
  AttemptIdentity,
  ContainerOutcome,
  PulledImage,
  StartedContainer,
} from '../contract/activities';
import { parseDuration } from '../contract/units';
import { judgeOutcome, type Ending, type StopCause } from '../policy/outcome';
import { callsTo, type HostCalls } from './calls';
import { failureOf, isActivityTimeout, stopEnding } from './failure';
import type { RunLife } from './run-life';
import { cancellableSleep, sleepUnlessStopped } from './sleep';
import { summarise } from './story';
import { waitForHost } from './wait-for-host';

/** An attempt that has a host: who it is, and how that host is called. */
interface Placed {
  life: RunLife;
  spec: AdmittedRun['spec'];
  specHash: string;
  identity: AttemptIdentity;
  calls: HostCalls;
  /** True from the moment in which there may be a container; then nothing ends before it is proven gone. */
  mayHaveContainer: boolean;
}

/** How long to leave an engine alone that just did not answer. */
const ENGINE_RETRY_MS = 5_000;

/**
 * One attempt: a host, the image, the container, its logs to the last line, and the clean-up in every ending.
 *
 * It returns how the attempt ended, after its container is gone.
 */
export async function runAttempt(life: RunLife, admitted: AdmittedRun): Promise<Ending> {
  const attempt = life.attemptBegins();
  const limit = admitted.spec.policy.timeouts.queued;
  const deadlineMs = Date.now() + parseDuration(limit);
  for (;;) {
    const assigned = await waitForHost(life, { attempt, deadlineMs, limit });
    if ('reason' in assigned) return assigned;
    life.pulls(assigned);
    const placed = place(life, admitted, attempt, assigned);
    const ending = await runOnHost(placed);
    if (ending.reason === 'engine-unavailable') {
      life.waits(`The Docker Engine of ${assigned.host} does not answer: ${ending.detail.detail}`);
    }
    await cleanUp(placed, ending);
    if (ending.reason !== 'engine-unavailable') return ending;
    // Without an engine the attempt has not happened yet: it takes from no budget and goes back to the queue.
    await sleepUnlessStopped(life, ENGINE_RETRY_MS);
  }
}

function place(life: RunLife, { spec, specHash }: AdmittedRun, attempt: number, { host, epoch }: AssignedHost): Placed {
  const { timeouts } = spec.policy;
  const calls = callsTo(host, {
    summaries: summarise(spec, host, attempt),
    pullTimeoutMs: parseDuration(timeouts.pull),
    startTimeoutMs: parseDuration(timeouts.start),
    graceMs: parseDuration(timeouts.grace),
  });
  return { life, spec, specHash, identity: { runId: life.run.id, attempt, epoch }, calls, mayHaveContainer: false };
}

async function runOnHost(placed: Placed): Promise<Ending> {
  try {
    const image = await pull(placed);
    if (image === null) return stopEnding(placed.life.stop!);
    placed.life.starts(image);
    const container = await start(placed, image);
    placed.life.runs(container);
    return await follow(placed, container);
  } catch (error) {
    return error instanceof LimitError ? error.ending : failureOf(error);
  }
}

/** Gets the image. Null where the run was asked to stop, which does not wait for the registry. */
async function pull({ life, spec, identity, calls }: Placed): Promise<PulledImage | null> {
  const { image, pullPolicy, policy } = spec;
  const silenceMs = parseDuration(policy.timeouts.pullSilence);
  const scope = new CancellationScope();
  const pulling = scope.run(async () => calls.pullImage({ ...identity, image, pullPolicy, silenceMs }));
  try {
    const answer = await Promise.race([pulling, life.stopRequested.then(() => null)]);
    if (answer === null) scope.cancel();
    return await pulling;
  } catch (error) {
    if (life.stop !== null && isCancellation(error)) return null;
    throw overLimit(error, { reason: 'pull-timeout', exitCode: null, detail: { timeout: policy.timeouts.pull } });
  }
}

async function start(placed: Placed, { imageId }: PulledImage): Promise<StartedContainer> {
  const { spec, specHash, identity, calls } = placed;
  placed.mayHaveContainer = true;
  try {
    return await calls.startContainer({ ...identity, spec, specHash, imageId });
  } catch (error) {
    const { start: timeout } = spec.policy.timeouts;
    throw overLimit(error, { reason: 'start-timeout', exitCode: null, detail: { timeout } });
  }
}

/** Follows the container to its end, which it has by itself or because the run was asked to stop. */
async function follow(placed: Placed, { containerId }: StartedContainer): Promise<Ending> {
  const { life, identity, calls } = placed;
  const clock = new CancellationScope();
  const ticking = clock.run(async () => stopAtLimit(placed));
  const following = calls.followContainer({ ...identity, containerId });
  try {
    const ended = await Promise.race([following, life.stopRequested.then(() => null)]);
    const stopped = ended === null ? await stop(placed) : null;
    const outcome: ContainerOutcome = await following;
    life.containerEnded(outcome);
    return judgeOutcome(outcome, stopped);
  } finally {
    clock.cancel();
    await ticking;
  }
}

async function stopAtLimit({ life, spec }: Placed): Promise<void> {
  const { running } = spec.policy.timeouts;
  if (await cancellableSleep(parseDuration(running))) {
    life.requestStop({ reason: 'running-timeout', detail: { timeout: running } });
  }
}

/** The cause, where the container was still there to be stopped; null where it had ended by itself. */
async function stop({ life, spec, identity, calls }: Placed): Promise<StopCause | null> {
  const cause = life.stop!;
  life.stops(cause);
  const { how } = await calls.stopContainer({ ...identity, graceMs: parseDuration(spec.policy.timeouts.grace) });
  return how === 'already-ended' ? null : cause;
}

/**
 * Removes what the attempt left. Where there may be a container this waits until it is proven gone, however long its host
 * is away; else a host that is away does not hold up the run.
 */
async function cleanUp({ life, identity, calls, mayHaveContainer }: Placed, ending: Ending): Promise<void> {
  if (mayHaveContainer) {
    await calls.cleanUp({ ...identity, last: true });
    return;
  }
  if (ending.reason === 'engine-unavailable') return;
  try {
    await calls.cleanUpBriefly({ ...identity, last: true });
  } catch (error) {
    life.note(`Nothing was started, and the clean-up could not be done either: ${failureOf(error).detail.detail}`);
  }
}

/** Carries the ending of a limit that was overrun. */
class LimitError extends Error {
  override readonly name = 'LimitError';
  constructor(readonly ending: Ending) {
    super(ending.reason);
  }
}

function overLimit(error: unknown, ending: Ending): unknown {
  return isActivityTimeout(error) ? new LimitError(ending) : error;
}
