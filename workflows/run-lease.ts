import { patched } from '@temporalio/workflow';

import { FIRST_CLAIM, type ClaimAnswer, type ClaimIdentity, type Lease, type LeaseRequest } from '../contract/pool';
import type { ClaimLeaseInput, LeaseStanding, PoolClaim, PoolWord } from '../contract/pool-messages';
import { createTrigger } from './trigger';

/**
 * What a run has asked of its pool, and what it was given. A claim is open from the moment in which it may have been asked
 * until it is released, whether or not anybody answered.
 */
export class RunLease {
  /** False for a history that was begun before there were pools; asked at the start, as in workflows/lease-epoch. */
  readonly isWanted = patched('pool');
  private number = FIRST_CLAIM - 1;
  private open: LeaseStanding | null = null;
  /** Of the newest claim. */
  private pool: string | null = null;
  /** The answer that came with the admission. */
  private early: ClaimAnswer | null = null;
  private isInAdmission = false;
  private news = createTrigger();

  /** @param tellPool sends it with the next report of the run. */
  constructor(private readonly tellPool: (word: PoolWord) => void) {}

  /** The first claim is made with the admission, and its pool may answer, and say more, before that is over. */
  asksEarly(): void {
    this.isInAdmission = this.isWanted;
  }

  /** It was made, and may have been answered. */
  askedEarly(claim: Omit<ClaimLeaseInput, 'claim'>, answer: ClaimAnswer | undefined): void {
    this.isInAdmission = false;
    this.asks(claim);
    this.early = answer ?? null;
  }

  /** The claim of an attempt: the one that was made for it already, or a new one. */
  claimFor(claim: Omit<ClaimLeaseInput, 'claim'>): ClaimLeaseInput {
    return this.open?.claim.attempt === claim.attempt ? this.open.claim : this.asks(claim);
  }

  /** The answer that came with the admission, once. */
  takeEarlyAnswer(): ClaimAnswer | null {
    const answer = this.early;
    this.early = null;
    return answer;
  }

  holds(lease: Lease): void {
    this.early = null;
    if (this.open !== null) this.open.lease = lease;
  }

  /** Resolves when the pool has news for the open claim. */
  hears(): Promise<void> {
    this.news = createTrigger();
    return this.news.promise;
  }

  /** The pool says that it has a lease for the run. False where the run wants it no more: the pool is told so. */
  granted(lease: ClaimIdentity | undefined): boolean {
    if (typeof lease?.claim !== 'number') return true;
    if (lease.claim === this.open?.claim.claim) this.news.fire();
    else if (this.pool !== null) this.tellPool({ kind: 'release', ...identityOf({ ...lease, pool: this.pool }) });
    return lease.claim === this.open?.claim.claim;
  }

  isHeld(claim: number | undefined): boolean {
    return this.open?.lease != null && this.open.lease.claim === claim;
  }

  /** Whether the pool may have a lease for the claim, heard of or not. */
  isOpen(claim: number | undefined): boolean {
    return claim !== undefined && claim === (this.isInAdmission ? FIRST_CLAIM : this.open?.claim.claim);
  }

  /** Gives the lease back, or leaves the queue. Only once nothing of the attempt is left, or what is left is fenced. */
  release(): void {
    if (this.open === null) return;
    this.tellPool({ kind: 'release', ...identityOf(this.open.claim) });
    this.open = null;
    this.early = null;
  }

  reprioritise(priority: number): void {
    const claim = this.changes({ priority });
    if (claim) this.tellPool({ kind: 'reprioritise', pool: claim.pool, runId: claim.runId, priority });
  }

  changeLimit(limitMs: number): void {
    const claim = this.changes({ limitMs });
    if (claim) this.tellPool({ kind: 'change-limit', pool: claim.pool, runId: claim.runId, limitMs });
  }

  standing(): LeaseStanding | null {
    return this.open;
  }

  /** The open claim, which asks for something else from now on; null where there is none. */
  private changes(change: Partial<LeaseRequest>): ClaimLeaseInput | null {
    if (this.open === null) return null;
    const { claim } = this.open;
    this.open.claim = { ...claim, request: { ...claim.request, ...change } };
    return this.open.claim;
  }

  private asks(claim: Omit<ClaimLeaseInput, 'claim'>): ClaimLeaseInput {
    this.number += 1;
    this.pool = claim.pool;
    this.open = { claim: { ...claim, claim: this.number }, lease: null };
    return this.open.claim;
  }
}

function identityOf({ pool, runId, claim }: PoolClaim): PoolClaim {
  return { pool, runId, claim };
}
