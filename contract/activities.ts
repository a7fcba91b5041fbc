import type { Findings, Machine } from './evidence';
import type { Delivered, SendNotificationInput } from './notification';
import type { GangPlace } from './gang';
import type { ClaimAnswer, LeaseNode } from './pool';
import type { PoolWord } from './pool-messages';
import type { RunUpdate } from './run';
import type { PullPolicy, RunSpec, RunSubmission } from './spec';

/**
 * What `runWorkflow` asks of its activities. A known failure is an `ApplicationFailure` whose type is an end reason
 * (contract/reason) and whose message is the detail of its sentence.
 */

/** Run on the control queue. */
export interface ControlActivities {
  /** Validates the submission, resolves its recipe and fills every default. Fails with `invalid-spec`. */
  admitRun(input: AdmitRunInput): Promise<AdmittedRun>;
  /** Chooses the host of an attempt without a pool. Fails with `no-host` while there is none. */
  assignHost(input: AssignHostInput): Promise<AssignedHost>;
  /** Tells the pool what the run has to tell it, and then brings the read model up to date; idempotent. */
  recordRun(update: RecordRunInput): Promise<void>;
  /**
   * Requests of Temporal that the workflow be cancelled. A workflow cannot ask that of itself, and Temporal lists it as
   * Canceled only where it was asked; a run that was cancelled by our signal does this as its last act.
   */
  requestTemporalCancel(input: WorkflowIdentity): Promise<void>;
}

/** Run on the control queue, for `notifyWorkflow`. */
export interface NotifyActivities {
  /**
   * Sends a notification once. Fails with `notification-refused` where another try would be answered the same, and with
   * `notification-failed`, which Temporal tries again.
   */
  sendNotification(input: SendNotificationInput): Promise<Delivered>;
}

/** Run on the queue of one host, against its engine. All are idempotent: the same input twice has the effect of once. */
export interface HostActivities {
  pullImage(input: PullImageInput): Promise<PulledImage>;
  /** Returns when the worker of the host is there and its engine answers, however long that takes. */
  reachHost(input: AttemptIdentity): Promise<void>;
  startContainer(input: StartContainerInput): Promise<StartedContainer>;
  /** Sends the container a signal that is no stop, such as a warning; it may come twice. */
  signalContainer(input: SignalContainerInput): Promise<SignalledContainer>;
  /** Asks the container to end: SIGTERM, the grace, SIGKILL. Returns when it no longer runs. */
  stopContainer(input: StopContainerInput): Promise<StoppedContainer>;
  /** Removes whatever the attempt left on the engine, its log sealed first, and checkpoints that need not be kept. */
  cleanUp(input: CleanUpInput): Promise<CleanedUp>;
}

/** Run on the follow queue of one host. */
export interface FollowActivities {
  /** Streams the logs until the container has ended and its last line is stored and sealed; returns how it ended. */
  followContainer(input: FollowContainerInput): Promise<ContainerOutcome>;
}

export interface AdmitRunInput {
  runId: string;
  submission: RunSubmission;
  /** Where the run wants its first claim made with the admission, which saves it a call: when it was submitted, ISO. */
  claimSince?: string;
}

export interface AdmittedRun {
  /**
   * The host of the first attempt, where there is one at once: it saves the run a call on the way to its container. Null
   * where it has to be asked for; absent in histories from before it was there.
   */
  assigned?: AssignedHost | null;
  /** What the pool said to the run's first claim; absent where it was not asked, or did not answer in time. */
  answer?: ClaimAnswer;
  spec: RunSpec;
  /** SHA-256 of the spec, in hexadecimal. */
  specHash: string;
  recipe: string | null;
}

export interface RecordRunInput extends RunUpdate {
  /** In order; absent where there is nothing. */
  toPool?: PoolWord[];
}

export interface WorkflowIdentity {
  workflowId: string;
  /** Temporal's id of this execution of the workflow. */
  temporalRunId: string;
}

export interface AssignHostInput {
  runId: string;
  attempt: number;
  /** True where the spec has a command of its own; only such a run can be a local process. */
  hasCommand?: boolean;
  /** Hosts that are taken only where there is no other. */
  avoid?: string[];
}

export interface AssignedHost {
  host: string;
  /**
   * True where the engine of the host stays away and its operator allows that the command runs as a local process
   * instead, without an image.
   */
  asProcess?: boolean;
  /** Since when the engine has been away; only with {@link asProcess}. */
  engineAwaySince?: string;
}

/** Who an attempt is, on every call to its host. */
export interface AttemptIdentity {
  runId: string;
  attempt: number;
  /** Fencing token of the attempt's lease: a number that only grows within a run. */
  epoch: number;
  /** True for an attempt that is a local process: its engine is not asked for anything (see {@link AssignedHost.asProcess}). */
  asProcess?: boolean;
}

export interface PullImageInput extends AttemptIdentity {
  image: string;
  pullPolicy: PullPolicy;
  /** Pull without progress for this long is given up as `pull-silent`. */
  silenceMs: number;
}

export interface PulledImage {
  /** Id of the image on the engine, `sha256:…`. */
  imageId: string;
  /** Digest in the registry, `sha256:…`; null for an image that was built or loaded on the host. */
  digest: string | null;
  /** False where the image was there already. */
  pulled: boolean;
  durationMs: number;
}

/** Heartbeat details of `pullImage`. */
export interface PullProgress {
  phase: 'resolving' | 'downloading' | 'extracting';
  currentBytes: number;
  totalBytes: number;
}

export interface StartContainerInput extends AttemptIdentity {
  spec: RunSpec;
  specHash: string;
  /** True where an earlier call of the same found no engine in the end: what it has made may have started unnoticed. */
  again?: boolean;
  /** What the container may use; absent for an attempt without a lease, which may use what its spec asks for. */
  lease?: LeaseNode;
  /** Absent for a run that is no gang. */
  gang?: GangPlace;
  /** Empty for a local process. */
  imageId: string;
  /** See {@link AssignedHost.engineAwaySince}. */
  engineAwaySince?: string;
}

export interface StartedContainer {
  containerId: string;
  containerName: string;
  startedAt: string;
  /** Absent in histories from before it was there. */
  machine?: Machine;
}

export interface FollowContainerInput extends AttemptIdentity {
  containerId: string;
  /** Patterns of the policy's rules that are looked for in the end of the log, in the syntax of RE2. */
  logPatterns?: { rule: number; pattern: string }[];
  /** A container that writes no line and no checkpoint for this long has its run told so; absent: never. */
  silenceMs?: number;
  /** Complete checkpoints that are kept while it runs; absent for a run without a folder for them. */
  keepCheckpoints?: number;
}

/** How a container ended, as the engine and the log tell it; what to make of it is for policy/. */
export interface ContainerOutcome {
  /** Null where the container vanished before anybody could ask, or where a local process was lost: `error` says how. */
  exitCode: number | null;
  oomKilled: boolean;
  vanished: boolean;
  /** True where the engine ended it because the engine itself stopped or started again. */
  engineRestarted?: boolean;
  /** Set where the engine has forgotten that it started it: what runs of it goes on until it is removed. */
  mayStillRun?: true;
  /** Error of the engine, where it reports one; empty otherwise. */
  error: string;
  /** What is wrong with the command where it could not be executed; null where it was. */
  commandProblem: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  logLines: number;
  logGaps: number;
  /** Absent in histories from before it was there. */
  findings?: Findings;
}

export interface SignalContainerInput extends AttemptIdentity {
  /** Such as `SIGUSR1`. */
  signal: string;
}

export interface SignalledContainer {
  /** False where no container of the attempt ran any more. */
  sent: boolean;
}

export interface StopContainerInput extends AttemptIdentity {
  graceMs: number;
}

export interface StoppedContainer {
  /** How it came to an end: it had ended already, it left on SIGTERM, or it had to be killed. */
  how: 'already-ended' | 'terminated' | 'killed';
}

export interface CleanUpInput extends AttemptIdentity {
  /** See {@link FollowContainerInput.keepCheckpoints}. */
  keepCheckpoints?: number;
  /** Network of a gang that goes with its last container. */
  network?: string;
}

export interface CleanedUp {
  /** Containers that were removed: 0 or 1. */
  removed: number;
  /** Name of the newest complete checkpoint, null where there is none; absent where the run has no folder for them. */
  checkpoint?: string | null;
}
