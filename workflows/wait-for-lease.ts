import type { AssignedHost } from '../contract/activities';
import type { ClaimAnswer, Explanation, Lease, LeaseNode } from '../contract/pool';
import { sentence } from '../contract/sentence';
import type { ClaimLeaseInput } from '../contract/pool-messages';
import type { RunSpec } from '../contract/spec';
import type { Ending } from '../policy/outcome';
import { leaseRequestOf, poolOf } from '../policy/pool/lease-request';
import { leases } from './calls';
import { stopEnding } from './failure';
import type { RunLife } from './run-life';
import { sleepUnless } from './sleep';

/** A host of which a lease gives the run a part. */
export interface LeasedHost extends AssignedHost {
  lease: LeaseNode;
}

export interface LeaseWish {
  attempt: number;
  spec: RunSpec;
  avoid: string[];
}

/** What an attempt asks of its pool. */
export function claimOf(
  { run }: Pick<RunLife, 'run'>,
  { attempt, spec, avoid }: LeaseWish,
): Omit<ClaimLeaseInput, 'claim'> {
  const request = leaseRequestOf(spec, { submittedAt: run.createdAt, avoid });
  return { pool: poolOf(spec), runId: run.id, attempt, request };
}

/**
 * A lease for an attempt. While there is none the run is `queued` and says what it waits for; the wait ends with the policy's
 * `queued-timeout`, with the cause for which the run shall stop, or with `no-capacity` where no host could ever hold it.
 */
export async function waitForLease(life: RunLife, wish: LeaseWish): Promise<LeasedHost | Ending> {
  const { lease, limits, interrupts } = life;
  lease.claimFor(claimOf(life, { ...wish, spec: withNewest(wish.spec, life.report().spec) }));
  const since = Date.now();
  for (;;) {
    if (interrupts.cause !== null) return stopEnding(interrupts.cause);
    const news = lease.hears();
    const answer = lease.takeEarlyAnswer() ?? (await ask(life));
    if (interrupts.cause !== null) continue;
    if (answer?.kind === 'granted') return takeLease(life, answer.lease);
    if (answer?.kind === 'refused') return { reason: 'no-capacity', exitCode: null, detail: { detail: answer.why } };
    const why = answer === null ? `Pool ${poolOf(wish.spec)} does not answer.` : sentence(answer.explanation.waitsFor);
    if (limits.queuedLeftMs <= 0) {
      return { reason: 'queued-timeout', exitCode: null, detail: { timeout: limits.timeouts.queued, detail: why } };
    }
    life.waits(why);
    const pauseMs = answer === null ? SILENT_POOL_MS : pauseAfter(Date.now() - since, answer.explanation);
    const cut = Promise.race([news, interrupts.requested, limits.changed()]);
    await sleepUnless(Math.min(pauseMs, Math.max(1, limits.queuedLeftMs)), cut);
  }
}

/** How long to leave a pool alone that did not answer. */
const SILENT_POOL_MS = 5_000;
const FIRST_PAUSE_MS = 60_000;
/** Hosts come and go: what the message says of them is soon out of date. */
const FIRST_PAUSE_FOR_HOST_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

/** A queue then asks about twice a second, however long it is. */
const PAUSE_FOR_EACH_BEFORE_MS = 2_000;

/**
 * The pool tells when there is a lease, so to ask again is to renew the message, and to be known to a pool that was begun
 * anew. Each time costs both histories some events: who has waited for hours, or has many before it, asks less often.
 */
function pauseAfter(waitedMs: number, { cause, place }: Explanation): number {
  const first = cause === 'no-host' ? FIRST_PAUSE_FOR_HOST_MS : FIRST_PAUSE_MS;
  return Math.min(LONGEST_PAUSE_MS, Math.max(first, waitedMs / 10, place * PAUSE_FOR_EACH_BEFORE_MS));
}

/** Rules of the policy make the spec of an attempt; its priority and its limits may have been changed meanwhile. */
function withNewest(spec: RunSpec, newest: RunSpec | null): RunSpec {
  if (newest === null) return spec;
  const { priority, policy } = newest;
  return { ...spec, priority, policy: { ...spec.policy, timeouts: policy.timeouts } };
}

/** Null where the pool did not answer. */
async function ask({ lease }: RunLife): Promise<ClaimAnswer | null> {
  const standing = lease.standing();
  if (standing === null) return null;
  try {
    return await leases.claimLease(standing.claim);
  } catch {
    return null;
  }
}

/** The run holds the lease from here on, and its attempt begins there. */
export function takeLease(life: RunLife, lease: Lease): LeasedHost {
  life.lease.holds(lease);
  life.note(sentence(lease.because), 'placed');
  const node = lease.nodes[0]!;
  const { host, asProcess, engineAwaySince } = node;
  return { host, lease: node, ...(asProcess && { asProcess, engineAwaySince }) };
}
