import type { AdmittedRun } from '../contract/activities';
import type { Course } from '../policy/next-attempt';
import type { Ending } from '../policy/outcome';
import { runNodes, type EndedNodes } from './run-nodes';
import type { Place } from './placed-attempt';
import type { RunLife } from './run-life';
import { sleepUnlessStopped } from './sleep';
import { waitForHost } from './wait-for-host';
import { takeLease, waitForLease } from './wait-for-lease';

/** How long to leave an engine alone that just did not answer. */
const ENGINE_RETRY_MS = 5_000;

/**
 * One attempt: a host, the image, the container, its logs to the last line, and the clean-up in every ending.
 *
 * It returns how the attempt ended, after its container is gone, or fenced: its host is lost, and the lease revoked.
 */
export async function runAttempt(life: RunLife, admitted: AdmittedRun, course: Course): Promise<EndedNodes> {
  const attempt = life.attemptBegins(course.changes);
  const { spec, avoid } = course;
  const hasCommand = spec.command !== undefined;
  let atOnce: Place | null = (attempt === 1 && life.interrupts.cause === null && placedAtOnce(life, admitted)) || null;
  for (;;) {
    const assigned: Place | Ending =
      atOnce ??
      (life.lease.isWanted
        ? await waitForLease(life, { attempt, spec, avoid })
        : await waitForHost(life, { attempt, hasCommand, avoid }));
    atOnce = null;
    if ('reason' in assigned) return over(life, { ending: assigned, findings: null });
    if (avoid.includes(assigned.host)) life.note(`Tries again on ${assigned.host}: ${NOWHERE_ELSE}`);
    const ended = await runNodes(life, life.begins(assigned), { ...admitted, spec, attempt, assigned });
    const { ending } = ended;
    if (ending.reason !== 'engine-unavailable') return over(life, ended);
    life.lease.release();
    life.waits(`Host ${assigned.host} could not begin: ${ending.detail.detail}`);
    // Without an engine the attempt has not happened yet: it takes from no budget and goes back to the queue.
    await sleepUnlessStopped(life, ENGINE_RETRY_MS);
  }
}

/** Where the admission has found a place already. */
function placedAtOnce(life: RunLife, { assigned, answer }: AdmittedRun): Place | null {
  if (!life.lease.isWanted) return assigned ?? null;
  return answer?.kind === 'granted' ? takeLease(life, answer.lease) : null;
}

/** Nothing of the attempt is left, or what is left is fenced: whatever it had of its pool is free again. */
function over({ lease }: RunLife, ended: EndedNodes): EndedNodes {
  lease.release();
  return ended;
}

const NOWHERE_ELSE = 'the policy wants it elsewhere, and there is no other host that could take it.';
