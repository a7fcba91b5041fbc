import type { RunDetail } from '../../contract/http';
import type { EndReason } from '../../contract/reason';
import type { EndState } from '../../contract/state';

/** What a run of the workload must have come to. */
export interface Expected {
  state: EndState;
  reason: EndReason;
  /** Attempts, without those that the infrastructure ended before the program ran. */
  attempts: number | 'any';
  /** Containers that ran in all. */
  executions: number | 'at-most-one';
}

export interface PrintedLine {
  stream: 'stdout' | 'stderr';
  /** Folded, as all texts of lines are here: see chaos/padding. */
  text: string;
}

/** One start of the program in a container, as it wrote it down itself. */
export interface Execution {
  attempt: number;
  /** Made up anew by each execution, and part of each of its lines. */
  nonce: string;
  /** False where another execution of the run was alive at its start. */
  alone: boolean;
  startedAtMs: number;
  /** Null where it was killed. */
  endedAtMs: number | null;
  /** Each line that it was about to print, in order. */
  printed: PrintedLine[];
  /** When its container started as the engine noted it; null where it never did. */
  engineStartedAtMs: number | null;
  /** What the engine's own log file holds of it; null where that was not caught before its removal. */
  engineLog: PrintedLine[] | null;
}

export interface StoredLine {
  attempt: number;
  stream: 'stdout' | 'stderr' | 'system';
  text: string;
}

/** All that is known of one submission in the end. */
export interface RunFacts {
  kind: string;
  key: string;
  /** Ids that were answered for its Idempotency-Key, each once. */
  ids: string[];
  expected: Expected;
  /** Null where the API does not know it. */
  run: Pick<RunDetail, 'state' | 'reason' | 'attempt' | 'message' | 'attempts'> | null;
  /** Temporal's word for the state of its workflow; null where there is no such workflow. */
  workflow: string | null;
  /** The log as the API gives it, with the lines of `system`. */
  stored: StoredLine[];
  executions: Execution[];
  /** What a reader got who followed the log all the while; null where there was none. */
  followed: { lines: StoredLine[]; sawEnd: boolean } | null;
}

/** A kill of the engine; in milliseconds since 1970. */
export interface EngineDeath {
  killedAtMs: number;
  /** Since when it had done nothing: an engine that was frozen until then has noted nothing of what happened meanwhile. */
  idleSinceMs: number;
}

export interface Facts {
  runs: RunFacts[];
  /** Runs that the API lists, and workflows that Temporal has, without that a submission was answered with their id. */
  strangers: string[];
  /** What is left on the engine, in any state, and programs that still run: a line for each. */
  left: string[];
  /** In the order in which they came. */
  engineDeaths: EngineDeath[];
  /** Answers of the API that it should never give, as sentences. */
  complaints: string[];
}
