import {
  FIRST_CLAIM,
  type ClaimAnswer,
  type ClaimIdentity,
  type ClaimInput,
  type LeaseRequest,
} from '../../contract/pool';
import { forgetHosts } from './change-hosts';
import { createExplainer } from './explain';
import { end } from './grant';
import type { Pass } from './head';
import { createPass, grantAtOnce } from './pass';
import { shapeOf } from './candidates';
import { changeHeld } from './occupancy';
import type { Pool } from './pool';
import { addToQueue, removeFromQueue, type Entry } from './queue';
import { whyNever } from './refusal';

/**
 * A claim of a run: new, asked again, or newer than what the run had, which is then over. Only the first of a run is refused
 * where no host could ever hold it: a run that was accepted waits, whatever became of the hosts since.
 */
export function answerClaim(pool: Pool, input: ClaimInput, nowMs: number): ClaimAnswer {
  const newest = newestOf(pool, input.runId);
  if (newest !== undefined && newest > input.claim) {
    return { kind: 'refused', why: `claim ${input.claim} of run ${input.runId} is over: the run has asked anew since` };
  }
  if (newest !== undefined && newest < input.claim) endClaim(pool, { runId: input.runId, claim: newest }, nowMs);
  const held = pool.held.get(input.runId);
  if (held) return { kind: 'granted', lease: held.lease };
  const waiting = pool.queue.entries.get(input.runId);
  if (waiting) return queued(createPass(pool, nowMs), waiting);

  const shape = shapeOf(pool, input.request);
  const why = input.claim === FIRST_CLAIM ? whyNever(pool, shape, input.request) : null;
  if (why !== null) return { kind: 'refused', why };
  const entry = addToQueue(pool.queue, input, shape);
  const pass = createPass(pool, nowMs);
  const decision = grantAtOnce(pass, entry);
  return decision?.kind === 'grant' ? { kind: 'granted', lease: decision.lease } : queued(pass, entry);
}

/** The claim is over; one that is over already, or older than the newest of its run, changes nothing. */
export function endClaim(pool: Pool, { runId, claim }: ClaimIdentity, nowMs: number): void {
  const held = pool.held.get(runId);
  if (held?.lease.claim === claim) {
    end(pool, held, nowMs);
    if (held.lease.nodes.some(({ host }) => pool.hostNamed.get(host)?.gone)) forgetHosts(pool);
  }
  const entry = pool.queue.entries.get(runId);
  if (entry?.waiting.claim === claim) removeFromQueue(pool.queue, entry);
}

export function reprioritiseRun(pool: Pool, runId: string, priority: number): boolean {
  return changeRun(pool, runId, { priority });
}

export function changeLimitOf(pool: Pool, runId: string, limitMs: number): boolean {
  return changeRun(pool, runId, { limitMs });
}

/** Something of what a run asks for that makes it no other shape. */
function changeRun(pool: Pool, runId: string, change: Partial<Pick<LeaseRequest, 'priority' | 'limitMs'>>): boolean {
  const entry = pool.queue.entries.get(runId);
  const held = pool.held.get(runId);
  if (held) {
    const passed = change.priority === undefined ? held.passed : null;
    changeHeld(pool, held, { request: { ...held.request, ...change }, passed });
  }
  if (entry) {
    removeFromQueue(pool.queue, entry);
    addToQueue(pool.queue, { ...entry.waiting, request: { ...entry.request, ...change } }, entry.of.shape);
  }
  return Boolean(entry ?? held);
}

function queued(pass: Pass, entry: Entry): ClaimAnswer {
  return { kind: 'queued', explanation: createExplainer(pass, 1).of(entry) };
}

function newestOf(pool: Pool, runId: string): number | undefined {
  return pool.held.get(runId)?.lease.claim ?? pool.queue.entries.get(runId)?.waiting.claim;
}
