import { WARN_SIGNAL_DEFAULT } from '../contract/defaults';
import type { Timeouts } from '../contract/spec';
import type { WarnSignal } from '../contract/spec-policy';
import { parseDuration } from '../contract/units';
import type { PassedTimes } from '../policy/run-change';
import type { Deadline } from './deadline';
import { Stopwatch } from './stopwatch';
import { createTrigger } from './trigger';

/** The limits of the policy that can be changed while a run goes on, and the time that has passed of each. */
export class RunLimits {
  private current: Timeouts | null = null;
  private change = createTrigger();
  /** Of the run, from its admission. */
  private readonly total = new Stopwatch();
  /** Of the container that runs now. */
  private readonly running = new Stopwatch();
  /** Since the newest attempt waits for a host, also where it came back to the queue. */
  private readonly queued = new Stopwatch();
  private warner: ((field: WarnedField) => void) | null = null;

  /** As they are now. */
  get timeouts(): Timeouts {
    if (this.current === null) throw new Error('the run is not admitted yet');
    return this.current;
  }

  /** Takes new limits; whoever waits for one looks again. */
  set(timeouts: Timeouts): void {
    this.current = timeouts;
    this.stir();
  }

  /** Resolves when a limit was changed, or a clock was held or goes on. */
  changed(): Promise<void> {
    return this.change.promise;
  }

  /** Null where no limit is set. */
  get silenceMs(): number | null {
    const { silence } = this.timeouts;
    return silence === undefined ? null : parseDuration(silence);
  }

  get queuedLeftMs(): number {
    return parseDuration(this.timeouts.queued) - this.queued.passedMs;
  }

  get warnSignal(): WarnSignal {
    return this.timeouts.warnSignal ?? WARN_SIGNAL_DEFAULT;
  }

  /** What has passed of each limit; null where its time does not run. */
  passed(isQueued: boolean): PassedTimes {
    return {
      total: this.total.passedMs,
      running: this.running.runs ? this.running.passedMs : null,
      queued: isQueued ? this.queued.passedMs : null,
    };
  }

  /** The time of the whole run begins, or goes on. */
  goOn(): void {
    if (this.total.runs) return;
    this.total.go();
    this.stir();
  }

  /** What passes from now on is not time of the run. */
  hold(): void {
    this.total.hold();
    this.stir();
  }

  attemptWaits(): void {
    this.queued.reset();
    this.queued.go();
  }

  /** @param warner told of the field whose end is near; the program is there to be warned until {@link containerEnds}. */
  containerRuns(warner: (field: WarnedField) => void): void {
    this.running.go();
    this.warner = warner;
  }

  containerEnds(): void {
    this.running.reset();
    this.warner = null;
  }

  deadlineOf(field: WarnedField): Deadline {
    return {
      watch: this[field],
      limitMs: () => parseDuration(this.timeouts[field]),
      warnMs: () => (this.timeouts.warn === undefined ? null : parseDuration(this.timeouts.warn)),
      warn: () => this.warner?.(field),
      changed: () => this.changed(),
    };
  }

  private stir(): void {
    this.change.fire();
    this.change = createTrigger();
  }
}

/** Limits whose end the program is warned of. */
export type WarnedField = 'running' | 'total';
