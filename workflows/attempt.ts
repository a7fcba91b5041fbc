import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type {
  AdmittedRun,
  AssignedHost,
  AttemptIdentity,
  ContainerOutcome,
  PulledImage,
  StartedContainer,
} from '../contract/activities';
import { UNREACHABLE_DEFAULT } from '../contract/defaults';
import { parseDuration } from '../contract/units';
import { judgeOutcome, type Ending, type StopCause } from '../policy/outcome';
import { callsTo } from './calls';
import { cleanUp, type Leaving } from './clean-up';
import { failureOf, isActivityTimeout, stopEnding } from './failure';
import { createHostLink, HostLostError } from './host-link';
import type { RunLife } from './run-life';
import { cancellableSleep, sleepUnlessStopped } from './sleep';
import { summarise } from './story';
import { waitForHost } from './wait-for-host';

/** An attempt that has a host: who it is, and how that host is called. */
interface Placed extends Leaving {
  specHash: string;
  assigned: AssignedHost;
}

/** How long to leave an engine alone that just did not answer. */
const ENGINE_RETRY_MS = 5_000;

/**
 * One attempt: a host, the image, the container, its logs to the last line, and the clean-up in every ending.
 *
 * It returns how the attempt ended, after its container is gone, or fenced: its host is lost, and the lease revoked.
 */
export async function runAttempt(life: RunLife, admitted: AdmittedRun): Promise<Ending> {
  const attempt = life.attemptBegins();
  const limit = admitted.spec.policy.timeouts.queued;
  const deadlineMs = Date.now() + parseDuration(limit);
  let atOnce = attempt === 1 && life.interrupts.cause === null ? admitted.assigned : null;
  for (;;) {
    const hasCommand = admitted.spec.command !== undefined;
    const assigned = atOnce ?? (await waitForHost(life, { attempt, hasCommand, deadlineMs, limit }));
    atOnce = null;
    if ('reason' in assigned) return assigned;
    const placed = place(life, admitted, { attempt, epoch: life.begins(assigned) }, assigned);
    const ending = await cleanUp(placed, await runOnHost(placed));
    if (ending.reason !== 'engine-unavailable') return ending;
    life.waits(`Host ${assigned.host} could not begin: ${ending.detail.detail}`);
    // Without an engine the attempt has not happened yet: it takes from no budget and goes back to the queue.
    await sleepUnlessStopped(life, ENGINE_RETRY_MS);
  }
}

function place(
  life: RunLife,
  { spec, specHash }: AdmittedRun,
  { attempt, epoch }: Pick<AttemptIdentity, 'attempt' | 'epoch'>,
  assigned: AssignedHost,
): Placed {
  const { host, asProcess } = assigned;
  const timeouts = Object.assign({ unreachable: UNREACHABLE_DEFAULT }, spec.policy.timeouts);
  const calls = callsTo(host, {
    summaries: summarise(spec, host, attempt),
    pullTimeoutMs: parseDuration(timeouts.pull),
    startTimeoutMs: parseDuration(timeouts.start),
    graceMs: parseDuration(timeouts.grace),
    unreachableMs: parseDuration(timeouts.unreachable),
  });
  const identity: AttemptIdentity = { runId: life.run.id, attempt, epoch, ...(asProcess && { asProcess }) };
  const link = createHostLink(life, identity, calls, timeouts.unreachable);
  return { life, spec, specHash, assigned, identity, link, mayHaveContainer: false, hasEnded: false };
}

async function runOnHost(placed: Placed): Promise<Ending> {
  try {
    let imageId = '';
    if (!placed.assigned.asProcess) {
      const image = await pull(placed);
      if (image === null) return stopEnding(placed.life.interrupts.cause!);
      placed.life.starts(image);
      imageId = image.imageId;
    } else if (placed.life.interrupts.cause !== null) return stopEnding(placed.life.interrupts.cause);
    const container = await start(placed, imageId);
    placed.life.runs(container);
    return await follow(placed, container);
  } catch (error) {
    return error instanceof LimitError || error instanceof HostLostError ? error.ending : failureOf(error);
  }
}

/** Gets the image. Null where the run was asked to stop, which does not wait for the registry. */
async function pull({ life, spec, identity, link }: Placed): Promise<PulledImage | null> {
  const { image, pullPolicy, policy } = spec;
  const silenceMs = parseDuration(policy.timeouts.pullSilence);
  const scope = new CancellationScope();
  const pulling = scope.run(async () => link.calls.pullImage({ ...identity, image, pullPolicy, silenceMs }));
  try {
    const answer = await Promise.race([pulling, life.interrupts.requested.then(() => null)]);
    if (answer === null) scope.cancel();
    return await pulling;
  } catch (error) {
    if (life.interrupts.cause !== null && isCancellation(error)) return null;
    throw overLimit(error, { reason: 'pull-timeout', exitCode: null, detail: { timeout: policy.timeouts.pull } });
  }
}

async function start(placed: Placed, imageId: string): Promise<StartedContainer> {
  const { spec, specHash, assigned, identity, link } = placed;
  const input = { ...identity, spec, specHash, imageId, engineAwaySince: assigned.engineAwaySince };
  placed.mayHaveContainer = true;
  try {
    return await link.insist((calls, again) => calls.startContainer(again ? { ...input, again } : input));
  } catch (error) {
    const { start: timeout } = spec.policy.timeouts;
    throw overLimit(error, { reason: 'start-timeout', exitCode: null, detail: { timeout } });
  }
}

/** Follows the container to its end, which it has by itself or because the run was asked to stop. */
async function follow(placed: Placed, { containerId }: StartedContainer): Promise<Ending> {
  const { life, spec, identity, link } = placed;
  const clock = new CancellationScope();
  const ticking = clock.run(async () => stopAtLimit(placed));
  const keeping = spec.checkpoint && { keepCheckpoints: spec.checkpoint.keep };
  const following = link.insist((calls) => calls.followContainer({ ...identity, containerId, ...keeping }));
  // Where the stop fails first, nobody waits for it any more.
  following.catch(() => {});
  try {
    const ended = await Promise.race([following, life.interrupts.requested.then(() => null)]);
    const stopped = ended === null ? await stop(placed) : null;
    const outcome: ContainerOutcome = await following;
    placed.hasEnded = true;
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
    life.interrupts.endAttempt({ reason: 'running-timeout', detail: { timeout: running } });
  }
}

/** The cause, where the container was still there to be stopped; null where it had ended by itself. */
async function stop({ life, spec, identity, link }: Placed): Promise<StopCause | null> {
  const cause = life.interrupts.cause!;
  life.stops(cause);
  const graceMs = parseDuration(spec.policy.timeouts.grace);
  const { how } = await link.insist((calls) => calls.stopContainer({ ...identity, graceMs }));
  return how === 'already-ended' ? null : cause;
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
