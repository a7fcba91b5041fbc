import { setCurrentDetails } from '@temporalio/workflow';

import type {
  AdmittedRun,
  AssignedHost,
  ContainerOutcome,
  PulledImage,
  StartedContainer,
} from '../contract/activities';
import type { GangPlace } from '../contract/gang';
import type { HostNotice } from '../contract/notice';
import { REASONS } from '../contract/reason';
import { capacityOf } from '../contract/run-capacity';
import type { Attempt, Run, RunEvent, RunEventType, RunReport, RunStatus } from '../contract/run';
import type { RunSpec, RunSubmission } from '../contract/spec';
import { isEndState, type RunState } from '../contract/state';
import { finalMessage } from '../policy/evidence/first-failure';
import type { Ending, StopCause } from '../policy/outcome';
import { recordAttemptEnd, recordContainerEnd } from './attempt-record';
import { Interrupts } from './interrupts';
import { LeaseEpoch } from './lease-epoch';
import { RunLimits } from './limits';
import { newAttempt, newRun, tellBeginning } from './new-run';
import { NoticeBoard } from './notice-board';
import { Notifier } from './notifier';
import { createRecorder } from './recorder';
import { RunLease } from './run-lease';
import { createAttributes } from './search-attributes';
import { localProcessWarning, tellStop, tellStory } from './story';

/**
 * What a run knows of itself, and the one place where it changes. Every change is told to the read model, to the search
 * attributes and to the details that the Web UI shows.
 */
export class RunLife {
  readonly run: Run;
  readonly attempts: Attempt[] = [];
  readonly interrupts = new Interrupts();
  readonly limits = new RunLimits();
  readonly notifier = new Notifier(this);
  /** The newest checkpoint when a host last looked, null where there was none; undefined while nobody has looked. */
  checkpoint: string | null | undefined;
  /** False only where a history goes on that was begun before changes of one turn were told together. */
  private tellsOnce = false;
  private readonly attributes = createAttributes(() => this.tellsOnce);
  private readonly recorder = createRecorder(() => this.status());
  private eventCount = 0;
  private spec: RunSpec | null = null;
  private readonly epoch = new LeaseEpoch();
  readonly lease = new RunLease((word) => this.recorder.tellPool(word));
  /** What the run was, and will be again, while its host does not answer. */
  private beyond: { state: RunState; message: string | null } | null = null;
  private readonly board = new NoticeBoard();

  constructor(submission: RunSubmission, gang?: GangPlace) {
    this.run = newRun(submission, gang);
  }

  status(): RunStatus {
    return { run: { ...this.run }, attempts: this.attempts.map((attempt) => ({ ...attempt })) };
  }

  report(): RunReport {
    return { revision: this.recorder.revision(), ...this.status(), spec: this.spec };
  }

  admitted({ spec, recipe, assigned }: AdmittedRun): void {
    this.tellsOnce = assigned !== undefined;
    this.spec = spec;
    this.limits.set(spec.policy.timeouts);
    this.run.recipe = recipe ?? this.run.recipe;
    const { name, image, labels, params, policy } = spec;
    Object.assign(this.run, { name, image, labels, params, policy: policy.from ?? null, ...capacityOf(spec) });
    this.recorder.attachSpec(spec);
    this.attributes({ RunName: spec.name, RunRecipe: this.run.recipe, RunSchedule: this.run.schedule });
    this.enter('queued', tellBeginning(this.run));
  }

  /** The spec with other limits and labels, from now on; nothing that is under way begins anew for it. */
  changes(spec: RunSpec, story: string): void {
    this.spec = spec;
    this.run.labels = spec.labels;
    this.run.priority = capacityOf(spec).priority;
    this.limits.set(spec.policy.timeouts);
    this.recorder.attachSpec(spec);
    this.tell('changed', story);
  }

  /** Waits in the queue, saying for what. */
  waits(message: string): void {
    if (this.run.state === 'queued' && this.run.message === message) return;
    this.enter('queued', message, message);
  }

  /** Asks the run to end; a second time changes nothing. */
  requestStop(cause: StopCause): void {
    if (isEndState(this.run.state) || !this.interrupts.endRun(cause)) return;
    if (cause.reason === 'cancelled') this.tell('cancel-requested', `Cancel was requested by ${cause.detail.by}.`);
  }

  /** Nothing of the run is anywhere; it waits until somebody resumes it. */
  suspended(story: string): void {
    this.limits.hold();
    this.run.host = null;
    this.attributes({ RunHost: null });
    this.enter('suspended', story, story);
  }

  /** Its host is lost, and nobody can say that its container is gone; the run wants nothing else meanwhile. */
  awaitsProof(story: string): void {
    this.enter('unreachable', story, story);
  }

  attemptBegins(changes: string[]): number {
    this.limits.goOn();
    this.limits.attemptWaits();
    this.board.clear();
    this.run.attempt += 1;
    this.attempts.push(newAttempt(this.run.attempt, changes));
    return this.run.attempt;
  }

  /** A host takes the attempt; a local process has no image to get ready there. Returns the epoch of its lease. */
  begins({ host, asProcess, engineAwaySince }: AssignedHost): number {
    const epoch = this.epoch.next();
    this.run.host = host;
    Object.assign(this.attempt, { host, form: asProcess ? 'process' : 'container' });
    this.attributes({ RunHost: host });
    const warning = asProcess ? localProcessWarning(host, engineAwaySince) : null;
    this.board.clear(warning);
    if (warning === null) this.enter('pulling', `Gets ${this.run.image} ready on ${host}.`);
    else this.enter('starting', warning, warning);
    return epoch;
  }

  starts(image: PulledImage): void {
    this.run.imageDigest = image.digest;
    this.attempt.imageDigest = image.digest;
    this.enter('starting', image.pulled ? 'The image was pulled.' : 'The image is there already.');
  }

  runs({ containerId, startedAt, machine }: StartedContainer): void {
    this.run.startedAt ??= startedAt;
    Object.assign(this.attempt, { containerId, startedAt, machine: machine ?? null });
    const what = this.attempt.form === 'process' ? 'Local process' : 'Container';
    this.enter('running', `${what} ${containerId.slice(0, 12)} runs on ${this.run.host}.`, this.board.text());
  }

  /** Something begins or is over with the container of the newest attempt; neither is told twice. */
  notices(notice: HostNotice): void {
    if (notice.attempt !== this.run.attempt || isEndState(this.run.state)) return;
    const news = this.board.take(notice);
    if (news === null) return;
    if (this.run.state === 'running') this.run.message = this.board.text();
    this.note(news);
  }

  stops(cause: StopCause): void {
    const message = tellStop(cause);
    if (this.beyond === null) return this.enter('stopping', message, message);
    this.beyond = { state: 'stopping', message };
    this.note(message);
  }

  /** The host does not answer. */
  losesSight(limit: string): void {
    const { state, message, host } = this.run;
    this.beyond = { state, message };
    const story = `Host ${host} does not answer. What runs there may go on; for ${limit} the run waits for it.`;
    this.enter('unreachable', story, story);
  }

  /** It answers again. */
  findsAgain(): void {
    const { state, message } = this.beyond ?? { state: this.run.state, message: null };
    this.beyond = null;
    // What there was to tell may be over by now.
    this.enter(state, `Host ${this.run.host} answers again.`, state === 'running' ? this.board.text() : message);
  }

  /** Whatever the host may still have of the attempt is stale from here on, and the first thing that it removes. */
  revokesLease(): void {
    this.beyond = null;
    const epoch = this.epoch.next();
    this.note(`The lease of host ${this.run.host} was revoked; only containers of epoch ${epoch} or later are valid.`);
  }

  containerEnded(outcome: ContainerOutcome, ending: Ending): void {
    recordContainerEnd(this.run, this.attempt, outcome, ending);
  }

  attemptEnded(ending: Ending): void {
    const message = recordAttemptEnd(this.run, this.attempt, ending, now());
    this.interrupts.attemptEnded();
    // What comes of it, a next attempt or the end of the run, is told in the same turn.
    this.tell('attempt-ended', `Attempt ${this.run.attempt} ended: ${message}`, this.tellsOnce);
  }

  retries(message: string): void {
    this.tell('retry-scheduled', message);
    this.enter('retrying', `Waits for attempt ${this.run.attempt + 1}.`, message);
  }

  note(message: string, type: RunEventType = 'note'): void {
    this.tell(type, message);
  }

  /** The last change of all. */
  ends(ending: Ending): void {
    this.run.reason = ending.reason;
    this.run.exitCode = ending.exitCode;
    this.run.endedAt = now();
    this.attributes({ RunReason: ending.reason });
    const message = finalMessage(ending, this.run.firstFailure);
    this.enter(REASONS[ending.reason].state, message, message);
  }

  /** Resolves when Temporal has all notifications and the read model all that was told so far. */
  async recorded(): Promise<void> {
    await this.notifier.started();
    await this.recorder.flushed();
  }

  private get attempt(): Attempt {
    const attempt = this.attempts.at(-1);
    if (!attempt) throw new Error('no attempt has begun');
    return attempt;
  }

  private enter(state: RunState, story: string, message: string | null = null): void {
    this.run.state = state;
    this.run.message = message;
    this.attributes({ RunState: state });
    this.tell('state-changed', story);
    this.notifier.entered();
  }

  private tell(type: RunEventType, message: string, withNext = false): void {
    const { id: runId, state, attempt } = this.run;
    const event: RunEvent = { runId, seq: (this.eventCount += 1), at: now(), type, state, attempt, message };
    setCurrentDetails(tellStory(this.run, this.attempts));
    if (withNext) this.recorder.recordWithNext(event);
    else this.recorder.record(event);
  }
}

/** The workflow's own clock, which a replay sees again. */
function now(): string {
  return new Date().toISOString();
}
