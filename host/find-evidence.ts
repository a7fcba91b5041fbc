import type { FollowContainerInput } from '../contract/activities';
import type { Findings } from '../contract/evidence';
import type { ContainerInfo } from '../docker/engine';
import { hintInLog } from '../policy/evidence/hints';
import { highestStep } from '../policy/evidence/step';
import { findTraceback } from '../policy/evidence/traceback';
import { findPatterns } from '../store/log-patterns';
import type { LogLine } from '../store/log-store';

/** Tells the name of the newest complete checkpoint of a run; null where there is none. */
export type NewestCheckpoint = (runId: string) => Promise<string | null>;

export interface EndedContainer {
  /** Null where it is gone. */
  info: Pick<ContainerInfo, 'network'> | null;
  /** See `readLogEnd`. */
  lines: readonly LogLine[];
}

type FoundInLog = Omit<Findings, 'peakMemoryBytes' | 'cpuSeconds' | 'oomKills'>;

/** What the end of its log and its checkpoints tell of an attempt whose container has ended. */
export async function findEvidence(
  newestCheckpoint: NewestCheckpoint,
  { runId, logPatterns = [] }: FollowContainerInput,
  { info, lines }: EndedContainer,
): Promise<FoundInLog> {
  const texts = lines.map(({ text }) => text);
  const traceback = findTraceback(lines);
  return {
    traceback,
    hint: hintInLog({ lines: texts, traceback, network: info?.network ?? null }),
    step: highestStep(texts),
    checkpoint: await newestCheckpoint(runId),
    matchedLogs: await findPatterns(logPatterns, texts),
  };
}
