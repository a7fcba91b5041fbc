import type { ContainerFiles, ContainerLog } from './container-files';
import type { EngineInfo, EngineRecall } from './engine-info';
import type { NetworkEngine } from './network-engine';

export type { EngineInfo, EngineRecall };
export type { NetworkEngine, NetworkPlan, NetworkRemoval, NetworkSummary } from './network-engine';

/**
 * Our interface to a Docker Engine. It speaks Trainyard's words, is idempotent (already gone, already started and already
 * stopped are success), and fails with the errors of docker/errors. docker/dockerode-engine is the only file that knows
 * the library beneath it.
 */
export interface Engine extends NetworkEngine {
  /** Version and settings; the cheapest proof that the engine answers. */
  info(): Promise<EngineInfo>;
  /**
   * What the process of the engine that answers now has itself seen of a container. It keeps its events in memory only, so
   * one that was started since knows nothing of what was before; this is how the restart of an engine is known for certain.
   *
   * @param id the full id of the container.
   */
  recall(id: string): Promise<EngineRecall>;

  /** Null where the engine does not have the image. */
  findImage(reference: string): Promise<ImageInfo | null>;
  /**
   * Pulls an image. An error inside the progress stream is an error, and so is a stream that ends without a final status.
   *
   * @param options.silenceMs given up with `PullSilentError` when nothing at all arrives for this long; extraction counts
   *   as news. There is no limit to the whole. Docker itself keeps a stalled download until its connection breaks, and a
   *   pull of the same layer that comes after joins it, whatever the registry; so the next try can be silent as well.
   * @throws the errors of images and registries in docker/errors, and the reason of the signal.
   */
  pullImage(reference: string, options: PullOptions): Promise<ImageInfo>;

  /** All images that the engine has, but for the layers between. */
  listImages(): Promise<ImageSummary[]>;
  /**
   * Takes a name (`repository:tag` or `repository@digest`) away from an image; with its last name goes the image. False where
   * there is no such name, and where a container needs the image.
   */
  removeImage(name: string): Promise<boolean>;

  /**
   * Creates a container, or returns the one that has the name already if its labels are the same.
   *
   * @throws {NameTakenError} if the name belongs to a container with other labels, `ImageRemovedError` if there is no such
   *   image.
   */
  createContainer(plan: ContainerPlan): Promise<{ id: string }>;
  /**
   * Starts a container that was never started; one that runs or has ended is left as it is, so that a call which is made
   * twice cannot run anything twice.
   *
   * A command that does not exist is no error here: the container's init ends with 126 or 127 (docker/init-failure).
   *
   * @throws {NotFoundError} if there is no such container.
   */
  startContainer(id: string): Promise<void>;
  /** Null where there is no such container. `id` may be a name. */
  inspectContainer(id: string): Promise<ContainerInfo | null>;
  /**
   * Resolves when the container does not run, at once if it has ended already or was never started. How it ended is for
   * `inspectContainer`.
   *
   * @throws {NotFoundError} if there is no such container, `EngineUnavailableError` if the engine breaks off, and the
   *   reason of the signal.
   */
  waitContainer(id: string, signal: AbortSignal): Promise<void>;
  /**
   * What a container has used so far. Null where it does not run, or not any more; of a local process that has ended it is
   * still known.
   */
  usage(id: string): Promise<ContainerUsage | null>;
  /** What this process reaches of a container by files; null where it does not run, or this process does not see them. */
  filesOf(id: string): Promise<ContainerFiles | null>;
  /** Processes of a container, as the engine's machine numbers them; none where it does not run. */
  containerPids(id: string): Promise<number[]>;
  /** Sends a signal such as `SIGTERM`. True if the container was running. */
  signalContainer(id: string, signal: string): Promise<boolean>;
  /** Sets how many CPUs a container that runs, paused or not, may use; at least 0.01. False where it does not run. */
  limitCpus(id: string, cpus: number): Promise<boolean>;
  /**
   * Freezes all processes of a container. True if this call did it; false where it is paused already or does not run. The
   * engine wakes a paused container for a signal.
   *
   * The kernel freezes a process as if by a signal, so a long write to a pipe may come back short. Programs that do not
   * write the rest, such as `python3 -u` with a text over 4 KiB, then lose it.
   */
  pauseContainer(id: string): Promise<boolean>;
  /** Wakes a paused container. True if it was paused. */
  unpauseContainer(id: string): Promise<boolean>;
  /**
   * Removes the container, by force if it runs, and its anonymous volumes. Nothing of it runs then, even where the engine
   * was killed over its start and has forgotten that. True if there was one.
   */
  removeContainer(id: string): Promise<boolean>;
  /**
   * All containers, running or not, that carry every one of the labels.
   *
   * @throws also the reason of `signal`, where there is one.
   */
  listContainers(labels: Record<string, string>, signal?: AbortSignal): Promise<ContainerSummary[]>;

  /**
   * The records of a container's log, in the order of the engine, from `since` on (inclusive), or from the first. With
   * `follow` it ends when the container does; an engine that shuts down may end it, too, so look whether it has ended.
   * Reads no further ahead than its consumer, so memory stays bounded. A consumer that stops early ends the request.
   *
   * @throws {NotFoundError} if there is no such container, `EngineUnavailableError` if the stream breaks off, and the
   *   reason of the signal.
   */
  readLogs(id: string, options: ReadLogsOptions): AsyncIterable<LogRecord[]>;

  /** Frees the connections that are kept open. */
  close(): void;
}

export interface ImageInfo {
  id: string;
  /** Digest in the registry it came from; null where it never was in one. */
  digest: string | null;
  sizeBytes: number;
  architecture: string;
}

export interface ImageSummary {
  id: string;
  /** `repository:tag` */
  tags: string[];
  /** `repository@digest`; none where it never was in a registry. */
  digests: string[];
  sizeBytes: number;
}

export interface PullOptions {
  silenceMs: number;
  signal: AbortSignal;
  onProgress?: (progress: {
    phase: 'resolving' | 'downloading' | 'extracting';
    currentBytes: number;
    totalBytes: number;
  }) => void;
}

/** What a container shall be; everything that is not said here is the safe choice (docs/security.md). */
export interface ContainerPlan {
  name: string;
  labels: Record<string, string>;
  image: string;
  /** Absent: the image's own. */
  command?: string[];
  env: Record<string, string>;
  user: string;
  binds: { source: string; target: string; readOnly: boolean }[];
  /** Docker network, or `none`. */
  network: string;
  /** Name by which the other containers of its network find it; not with `none` and `host`. */
  networkAlias?: string;
  cpus: number;
  memoryBytes: number;
  shmBytes: number;
  pids: number;
  /** Absent: none. */
  gpus?: GpuPlan;
  /** json-file log of the engine: size of one file in bytes, and how many. */
  log: { maxSizeBytes: number; maxFiles: number };
  /** Set where it shall be a local process of the host, because its engine has been away since then. */
  asProcess?: { engineAwaySince: string };
}

export interface GpuPlan {
  /** UUIDs of the driver. */
  ids: readonly string[];
  /** `nvidia`: the engine is asked for them; `none`: only the variables are set. */
  runtime: 'nvidia' | 'none';
}

export interface ContainerSummary {
  id: string;
  name: string;
  labels: Record<string, string>;
  state: string;
  createdAt: string;
  /** Empty for a local process. */
  imageId: string;
}

export interface ContainerInfo {
  id: string;
  name: string;
  labels: Record<string, string>;
  status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  exitCode: number;
  oomKilled: boolean;
  error: string;
  /** Null before the start. */
  startedAt: string | null;
  /** Null while it has not ended. */
  finishedAt: string | null;
  imageId: string;
  /** CPUs that it may use; null where there is no limit. */
  cpus: number | null;
  /** Docker network, or `none`. */
  network: string;
  /** How its engine keeps its log; null where that is not by files of a size, as `createContainer` has them. */
  log: ContainerLog | null;
  /** True where its removal has begun, so that it counts as `created` for good; absent otherwise. */
  isUnstarted?: true;
  /** What people must know of how it runs, as the first lines of its log; absent for a container. */
  preamble?: readonly string[];
}

/** What a container has used; each is null where nobody can say. */
export interface ContainerUsage {
  /**
   * Most memory in use at once, without what the kernel could have taken back. Where the kernel keeps a high-water mark, it is
   * as of then less what could be taken back now, so an estimate from below.
   */
  peakMemoryBytes: number | null;
  /** Time of processors. */
  cpuSeconds: number | null;
  /** Processes that the kernel killed for want of memory. */
  oomKills: number | null;
}

export interface ReadLogsOptions {
  follow: boolean;
  /** RFC 3339 time with nine digits of a second, as in {@link LogRecord.time}. */
  since?: string | undefined;
  /** Only the last this many records that there are at first; quick, however long the log is. Not together with `since`. */
  tail?: number;
  signal: AbortSignal;
}

/** One record of the engine's log: a line, or a piece of one that is longer than 16 KiB. */
export interface LogRecord {
  /** RFC 3339, UTC, always nine digits of a second, so that text order is time order. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** The bytes without the line's end. */
  data: Buffer;
  /** False for a piece without the line's end: more of the same line follows, or the log ends here. */
  complete: boolean;
}
