/**
 * What this process reaches of a running container by files of the engine and the kernel: at once, however busy the engine
 * is. A process that runs elsewhere, in a container or as another user than root does not.
 */
export interface ContainerFiles {
  /** The log of the container as the engine has it on the disk now. */
  log(): EngineLogFiles;
  /**
   * Sets how many CPUs the container may use, at least a thousandth, before it returns. The engine does not know of it, and sets
   * what it knows when it is asked for a limit. False where this process may not, or the container does not run any more.
   */
  limitCpus(cpus: number): boolean;
}

/** json-file log of a container, as it was made. */
export interface ContainerLog {
  /** The size at which a file is full, and how many there are at most. */
  fileBytes: number;
  maxFiles: number;
  /** False where the engine writes more of a record than its text, stream and time. */
  isPlain: boolean;
}

export interface EngineLogFiles {
  /** Newest first. Empty for the moment in which the engine begins a new one. */
  files: readonly EngineLogFile[];
  /** What was written since somebody first looked, and what was there then, in bytes. */
  writtenBytes: number;
  /** True where it is certain that nothing was thrown away since the start of the container. */
  isWhole: boolean;
  /** When files ended, oldest first: those that were there when somebody first looked, and all since. */
  ends: readonly EngineLogEnd[];
  /** The size at which a file is full, and how many the engine keeps. */
  fileBytes: number;
  maxFiles: number;
}

export interface EngineLogFile {
  bytes: number;
  /** When its newest record was written, in milliseconds since 1970. */
  changedMs: number;
}

/** Between which moments a file ended; both are one where it was seen after that, and one or more did where it was not. */
export interface EngineLogEnd {
  fromMs: number;
  toMs: number;
}
