import type { ContainerOutcome } from '../../contract/activities';
import type { Findings } from '../../contract/evidence';

/** From this share of its limit on, a container that was killed had run out of memory. */
const NEAR_LIMIT = 0.97;
const KILLED = 137;

/**
 * Whether a container that nobody of us ended went over its memory limit, by three signals: the flag of the engine, which some
 * set only for the first process; the kernel's count of processes that it killed for it, or what its log tells of that; and a death by SIGKILL with nearly
 * all of the memory in use, for a kernel whose count nobody could read in time.
 *
 * @param limitBytes null where it is not known; then the last of the three says nothing.
 */
export function ranOutOfMemory(
  { exitCode, oomKilled, findings }: Pick<ContainerOutcome, 'exitCode' | 'oomKilled' | 'findings'>,
  limitBytes: number | null,
): boolean {
  if (sawKill({ oomKilled, findings })) return true;
  const peak = findings?.peakMemoryBytes ?? null;
  return exitCode === KILLED && peak !== null && limitBytes !== null && peak >= NEAR_LIMIT * limitBytes;
}

export interface SeenKills {
  oomKilled: boolean;
  findings?: Pick<Findings, 'oomKills'> | undefined;
}

/** Whether the kernel ended a process of the container for want of memory, as engine or kernel say themselves. */
export function sawKill({ oomKilled, findings }: SeenKills): boolean {
  return oomKilled || (findings?.oomKills ?? 0) > 0;
}
