import { patched } from '@temporalio/workflow';

import {
  POOL_DEFAULTS,
  type ClaimAnswer,
  type ClaimIdentity,
  type ClaimInput,
  type PoolSettings,
} from '../contract/pool';
import type { LeaseStanding, PoolInput, PoolNews } from '../contract/pool-messages';
import { adoptClaims, claimsIn } from '../policy/pool/adopt';
import { createPoolCore, type Decision, type PoolCore, type PoolState } from '../policy/pool/core';
import { keptOf, stateFrom, type KeptPool } from '../policy/pool/kept';
import { createTrigger } from './trigger';

/** What a pool tells a run of its own accord. `ask`: whether it still makes a claim that waits. */
export type Word = Decision | ({ kind: 'ask' } & ClaimIdentity);

/** What one execution of a pool hands to the next; plain JSON. */
interface Baggage {
  core: PoolState;
  /** Of the hosts that the pool knows; see `PoolNews`. */
  version: string;
  /** What runs may not have been told. */
  untold: Word[];
  /** See {@link PoolDesk.over}; absent from executions before there was this. */
  over?: [runId: string, claim: number][];
}

/** Claims that are over and remembered: of the runs that released last. */
const MOST_OVER = 500;

/**
 * A pool at work: takes its messages and tells them to its core at once, so that every answer is given in the turn of its
 * question. What follows for others is asked for once in a turn, by the workflow.
 */
export class PoolDesk {
  core: PoolCore;
  /** Of the hosts that the pool knows; empty until it has learnt what the runs hold, and nothing is given before. */
  version: string;
  /** Messages since this execution began. */
  messages = 0;
  /** What is on its way to runs. */
  readonly untold: Set<Word>;
  /** The newest claim of each run that waits or holds a lease. */
  private readonly claims: Map<string, number>;
  /** The newest claim that was heard of each run before the pool had learnt what the runs hold. */
  private readonly heard = new Map<string, number>();
  /** The newest claim that each of the last runs has released, the one that did so last at the end. */
  private readonly over: Map<string, number>;
  /** Of claims that were answered, and whose run may not have had the answer or not have wanted it any more. */
  private given: Word[] = [];
  private stir = createTrigger();

  constructor({ name, state, kept }: PoolInput) {
    const before = state as Baggage | undefined;
    this.core = createPoolCore(name, before?.core ?? (kept ? stateFrom(name, kept as KeptPool) : undefined));
    this.version = before?.version ?? '';
    this.untold = new Set(before?.untold);
    this.over = new Map(before?.over);
    this.claims = claimsIn(this.core.state());
  }

  claim(input: ClaimInput): ClaimAnswer {
    this.hears(input);
    const answer = this.core.claim(input, Date.now());
    if (answer.kind === 'refused') return answer;
    this.claims.set(input.runId, input.claim);
    if (this.isLate(input)) this.tellOfLate(input, answer);
    return answer;
  }

  release(claim: ClaimIdentity): void {
    this.hears(claim);
    this.letGo(claim);
    this.remember(claim);
  }

  /** Whatever else the core is told. */
  tell<T>(message: (core: PoolCore, nowMs: number) => T): T {
    this.counts();
    return message(this.core, Date.now());
  }

  learn({ version, hosts, ended, runs = [] }: PoolNews): void {
    this.counts();
    if (hosts) this.core.hostsAre(hosts, Date.now());
    if (this.version === '') this.adopt(runs);
    else this.adoptLate(runs);
    this.version = version;
    for (const runId of ended) this.drop(runId);
  }

  /** The workflow of a run goes on no more: whatever it had is free. */
  drop(runId: string): void {
    this.counts();
    this.letGo({ runId, claim: this.claims.get(runId) ?? 0 });
  }

  /** Resolves when something is told after the last {@link PoolDesk.decide}. */
  stirred(): Promise<void> {
    return this.stir.promise;
  }

  /** What follows of all that was told. */
  decide(): Word[] {
    this.stir = createTrigger();
    if (this.version === '') return [];
    const { given } = this;
    this.given = [];
    return [...given, ...this.core.decide(Date.now())];
  }

  settings(): PoolSettings {
    return { ...POOL_DEFAULTS, ...this.kept().settings };
  }

  kept(): KeptPool {
    return keptOf(this.core.state());
  }

  baggage(): Baggage {
    const { core, version, untold, given, over } = this;
    return { core: core.state(), version, untold: [...untold, ...given], over: [...over] };
  }

  /** A pool that was begun anew takes over what the one before had given and accepted, but of a run that has said something else since. */
  private adopt(runs: readonly LeaseStanding[]): void {
    this.take(runs.filter(({ claim: { runId, claim } }) => claim > (this.heard.get(runId) ?? -1)));
    this.heard.clear();
  }

  /** A run that answered nobody when the pool was begun anew says what it holds; unless it has said something else since. */
  private adoptLate(runs: readonly LeaseStanding[]): void {
    this.take(
      runs.filter(({ claim: { runId, claim } }) => !this.claims.has(runId) && claim > (this.over.get(runId) ?? -1)),
    );
  }

  /** All at once and without an answer: whose turn it is is decided when all are known. */
  private take(runs: readonly LeaseStanding[]): void {
    if (runs.length === 0) return;
    const state = this.core.state();
    this.core = createPoolCore(state.name, adoptClaims(state, runs));
    for (const { claim } of runs) this.claims.set(claim.runId, claim.claim);
  }

  private letGo(claim: ClaimIdentity): void {
    this.core.release(claim, Date.now());
    if (this.claims.get(claim.runId) === claim.claim) this.claims.delete(claim.runId);
  }

  /** A run that still makes a claim which waits asks again when it is told, and is not told of it twice. */
  private tellOfLate({ runId, claim }: ClaimIdentity, answer: ClaimAnswer): void {
    if (answer.kind === 'granted') this.given.push({ kind: 'grant', lease: answer.lease });
    else {
      this.given.push({ kind: 'ask', runId, claim });
      this.over.delete(runId);
    }
  }

  /**
   * Whether a claim was released before it came. A run that is past it did not hear the answer, and gives the lease back when it
   * is told or asked; one that a reset has set back to before its release has asked itself, and takes it.
   */
  private isLate({ runId, claim }: ClaimIdentity): boolean {
    return claim <= (this.over.get(runId) ?? -1) && patched('late-claims');
  }

  private remember({ runId, claim }: ClaimIdentity): void {
    const newest = Math.max(claim, this.over.get(runId) ?? -1);
    this.over.delete(runId);
    this.over.set(runId, newest);
    if (this.over.size <= MOST_OVER) return;
    const [oldest] = this.over.keys();
    this.over.delete(oldest!);
  }

  private hears({ runId, claim }: ClaimIdentity): void {
    this.counts();
    if (this.version === '') this.heard.set(runId, Math.max(claim, this.heard.get(runId) ?? -1));
  }

  private counts(): void {
    this.messages += 1;
    this.stir.fire();
  }
}
