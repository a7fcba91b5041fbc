/** What an engine tells of itself. */

export interface EngineInfo {
  version: string;
  apiVersion: string;
  /** True where containers go on while the engine restarts. */
  liveRestore: boolean;
  storageDriver: string;
  rootDir: string;
  cpus: number;
  memoryBytes: number;
  containersRunning: number;
  operatingSystem: string;
  architecture: string;
  /** Version of the kernel that its containers run on. */
  kernel: string;
  /** What the engine says it cannot do on this machine, such as holding containers to a memory limit. */
  warnings: string[];
  /** Time of the engine's machine, RFC 3339. */
  time: string;
}

export interface EngineRecall {
  /** It saw the container start. */
  started: boolean;
  /** It saw the container end. */
  ended: boolean;
  /** False where it has seen more than it keeps, so that what is not among it may have been, too. */
  complete: boolean;
  liveRestore: boolean;
}
