import type { ContainerOutcome } from '../../contract/activities';
import type { Evidence } from '../../contract/evidence';
import { REASONS } from '../../contract/reason';
import { signalOf } from '../../contract/signals';
import type { Ending } from '../outcome';
import { hintFor } from './hints';
import { sawKill } from './memory';

/**
 * What is known of how an attempt went, out of what its host saw and found.
 *
 * @param outcome null for an attempt that had no container, of which there may be a hint at most.
 * @returns null where nothing is known.
 */
export function judgeEvidence(ending: Ending, outcome: ContainerOutcome | null): Evidence | null {
  const findings = outcome?.findings;
  const hint = REASONS[ending.reason].state === 'failed' ? hintFor(ending, findings?.hint ?? null) : null;
  if (outcome === null && hint === null) return null;
  return {
    signal: signalOf(outcome?.exitCode ?? null) ?? null,
    outOfMemory: ending.reason === 'out-of-memory' || (outcome !== null && sawKill(outcome)),
    peakMemoryBytes: findings?.peakMemoryBytes ?? null,
    cpuSeconds: findings?.cpuSeconds ?? null,
    traceback: findings?.traceback ?? null,
    hint,
    step: findings?.step ?? null,
    checkpoint: findings?.checkpoint ?? null,
  };
}
