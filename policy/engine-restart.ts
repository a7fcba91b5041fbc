/** What is known when a container has ended, as a Docker Engine and the one who followed the container tell it. */
export interface EndWitness {
  exitCode: number;
  /** Whether the engine's process that answers now saw the container start, and end. */
  started: boolean;
  ended: boolean;
  /** False where it has forgotten some of what it saw: then only a yes is to be trusted. */
  complete: boolean;
  /** Whether the engine leaves containers alone when it restarts: now, and when it was last heard of before the end. */
  liveRestore: boolean;
  liveRestoreBefore: boolean;
  /** True where the engine did not answer when it was last asked before it told of the end. */
  awayBefore: boolean;
}

/** What an engine writes down for a container whose process was gone, with its exit code, when the engine came back. */
const LOST_EXIT_CODE = 255;

/**
 * Tells whether the engine ended a container because it stopped, or was started again, or went down with its machine. No
 * engine says so itself; what each leaves behind was observed on Docker Engine 26.1:
 *
 * - stopped without live-restore: containers get SIGTERM and SIGKILL; the next process has seen neither start nor end;
 * - killed without live-restore: containers go on, and the next process ends them the same way; it has seen the end only;
 * - gone with the machine, live-restore or not: the next process finds no exit code and writes 255; it has seen neither.
 *
 * A program that ends by itself while no engine without live-restore is there to see it looks like one of the first kind, and
 * so does one that catches SIGTERM and ends with 0. Both count as ended by the engine, whatever their exit code: to train once
 * more than needed costs time, but to call half a training complete is false.
 */
export function endedByEngine(witness: EndWitness): boolean {
  if (witness.started) return false;
  if (!witness.complete && !witness.awayBefore) return false;
  if (witness.ended) return !witness.liveRestore;
  return witness.exitCode === LOST_EXIT_CODE || !witness.liveRestoreBefore;
}
