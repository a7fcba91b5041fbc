import type { StopCause } from '../policy/outcome';
import { createTrigger } from './trigger';

/**
 * What asks a run, or its attempt, to end from outside. A stop is for the run and for ever; a suspension is for as long as
 * somebody wants it; anything else ends one attempt, and the policy says what comes of it. Of one attempt the first cause
 * stays.
 */
export class Interrupts {
  private runStop: StopCause | null = null;
  private suspension: StopCause | null = null;
  private attemptStop: StopCause | null = null;
  private interrupted = createTrigger();
  private released = createTrigger();

  /** Why the run shall end; the first cause stays. */
  get stop(): StopCause | null {
    return this.runStop;
  }

  /** Why what is under way now, an attempt or a wait, shall end. */
  get cause(): StopCause | null {
    return this.attemptStop;
  }

  get isSuspended(): boolean {
    return this.suspension !== null;
  }

  /** Who suspended the run; null where it is not suspended. */
  get suspendedBy(): string | null {
    return this.suspension?.detail.by ?? null;
  }

  /** Resolves when {@link Interrupts.cause} is set. */
  get requested(): Promise<void> {
    return this.interrupted.promise;
  }

  /** Ends the run; false where it was asked before. */
  endRun(cause: StopCause): boolean {
    if (this.runStop !== null) return false;
    this.runStop = cause;
    this.interrupt(cause);
    this.released.fire();
    return true;
  }

  /** Ends the attempt; false where it is to end already. */
  endAttempt(cause: StopCause): boolean {
    if (this.attemptStop !== null) return false;
    this.interrupt(cause);
    return true;
  }

  /** Suspends the run; false where it is suspended or shall end. */
  suspend(cause: StopCause): boolean {
    if (this.suspension !== null || this.runStop !== null) return false;
    this.suspension = cause;
    this.released = createTrigger();
    this.interrupt(cause);
    return true;
  }

  /** Takes a suspension back; false where there is none. An attempt that is being ended for it is ended all the same. */
  resume(): boolean {
    if (this.suspension === null) return false;
    this.suspension = null;
    this.released.fire();
    return true;
  }

  /** What the attempt was to end for is done; only what is to outlast it is left. */
  attemptEnded(): void {
    this.attemptStop = null;
    this.interrupted = createTrigger();
    const lasting = this.runStop ?? this.suspension;
    if (lasting !== null) this.interrupt(lasting);
  }

  /** Resolves when the run is resumed or shall end; at once where it is not suspended. */
  async whileSuspended(): Promise<void> {
    while (this.suspension !== null && this.runStop === null) await this.released.promise;
  }

  private interrupt(cause: StopCause): void {
    this.attemptStop ??= cause;
    this.interrupted.fire();
  }
}
