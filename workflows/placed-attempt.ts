import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type {
  AdmittedRun,
  AssignedHost,
  AttemptIdentity,
  ContainerOutcome,
  FollowContainerInput,
  PulledImage,
  StartedContainer,
} from '../contract/activities';
import { UNREACHABLE_DEFAULT } from '../contract/defaults';
import type { Findings } from '../contract/evidence';
import type { GangPlace } from '../contract/gang';
import { parseDuration, parseSize } from '../contract/units';
import { logPatternsOf } from '../policy/match-rules';
import { judgeOutcome, type Ending, type StopCause } from '../policy/outcome';
import { endingAfterWarning } from '../policy/warned';
import { startAttemptClock } from './attempt-clock';
import { callsTo } from './calls';
import { cleanUp, keepingOf, type Leaving } from './clean-up';
import { failureOf, isActivityTimeout, stopEnding } from './failure';
import { createHostLink, HostLostError } from './host-link';
import type { RunLife } from './run-life';
import { followWithSilence } from './silence';
import { summarise } from './story';
import type { LeasedHost } from './wait-for-lease';

/** Where an attempt runs; without a lease only for a run that was begun before there were pools. */
export type Place = AssignedHost & Partial<Pick<LeasedHost, 'lease'>>;

/** An attempt that has a place. */
export interface PlacedWish extends Pick<AdmittedRun, 'spec' | 'specHash'> {
  attempt: number;
  assigned: Place;
  /** Absent for a run of one node. */
  gang?: GangPlace;
}

/** An attempt that has a host: who it is, and how that host is called. */
interface Placed extends Leaving {
  specHash: string;
  assigned: Place;
  findings: Findings | null;
}

/** How an attempt ended, and what was found in the end of its log; null where nobody looked. */
export interface EndedAttempt {
  ending: Ending;
  findings: Findings | null;
}

/**
 * The part of an attempt that is on a host: the image, the container, its log to the last line, and the clean-up in every
 * ending. It returns after the container is gone, or fenced.
 *
 * @param epoch of the lease.
 */
export async function runPlaced(life: RunLife, epoch: number, wish: PlacedWish): Promise<EndedAttempt> {
  const placed = place(life, epoch, wish);
  const ending = await cleanUp(placed, await runOnHost(placed));
  return { ending, findings: placed.findings };
}

function place(life: RunLife, epoch: number, { spec, specHash, attempt, assigned, gang }: PlacedWish): Placed {
  const { host, asProcess } = assigned;
  const timeouts = Object.assign({ unreachable: UNREACHABLE_DEFAULT }, spec.policy.timeouts);
  const calls = callsTo(host, {
    summaries: summarise(spec, host, attempt),
    pullTimeoutMs: parseDuration(timeouts.pull),
    startTimeoutMs: parseDuration(timeouts.start),
    unreachableMs: parseDuration(timeouts.unreachable),
  });
  const identity: AttemptIdentity = { runId: life.run.id, attempt, epoch, ...(asProcess && { asProcess }) };
  const link = createHostLink(life, identity, calls, timeouts.unreachable);
  const nothingYet = { mayHaveContainer: false, hasEnded: false, findings: null };
  return { life, spec, specHash, assigned, gang, identity, link, ...nothingYet };
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
    const { pull: timeout, pullSilence } = policy.timeouts;
    const failure = failureOf(error);
    if (failure.reason === 'pull-silent') throw new LimitError({ ...failure, detail: { timeout: pullSilence } });
    throw overLimit(error, { reason: 'pull-timeout', exitCode: null, detail: { timeout } });
  }
}

async function start(placed: Placed, imageId: string): Promise<StartedContainer> {
  const { spec, specHash, assigned, gang, identity, link } = placed;
  const { engineAwaySince, lease } = assigned;
  const input = {
    ...identity,
    spec,
    specHash,
    imageId,
    engineAwaySince,
    ...(lease && { lease }),
    ...(gang && { gang }),
  };
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
  const { life, spec, gang, identity, link } = placed;
  const clock = startAttemptClock(life, link, identity);
  const logPatterns = logPatternsOf(spec.policy.retries.rules);
  const looking = logPatterns.length > 0 && { logPatterns };
  const input: FollowContainerInput = { ...identity, containerId, ...keepingOf(spec, gang), ...looking };
  const following = link.insist((calls) =>
    followWithSilence(life.limits, (silence) => calls.followContainer({ ...input, ...silence })),
  );
  // Where the stop fails first, nobody waits for it any more.
  following.catch(() => {});
  try {
    const ended = await Promise.race([following, life.interrupts.requested.then(() => null)]);
    const stopped = ended === null ? await stop(placed) : null;
    const outcome: ContainerOutcome = await following;
    placed.hasEnded = outcome.mayStillRun !== true;
    placed.findings = outcome.findings ?? null;
    const ending = endingAfterWarning(
      judgeOutcome(outcome, stopped, parseSize(spec.resources.memory)),
      clock.warnedBy(),
    );
    life.containerEnded(outcome, ending);
    return ending;
  } finally {
    await clock.stop();
  }
}

/** The cause, where the container was still there to be stopped; null where it had ended by itself. */
async function stop({ life, identity, link }: Placed): Promise<StopCause | null> {
  const cause = life.interrupts.cause!;
  life.stops(cause);
  const graceMs = parseDuration(life.limits.timeouts.grace);
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
