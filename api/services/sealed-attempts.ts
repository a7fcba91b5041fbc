import type { Attempt } from '../../contract/run';
import type { LogStore } from '../../store/log-store';

/**
 * The attempts with the lines and gaps of their seals, also where the workflow has never heard of one: the log of an attempt
 * whose host was lost, or that was given up in another way, is sealed when the attempt has long ended for its run.
 */
export async function withSeals(logs: LogStore, runId: string, attempts: readonly Attempt[]): Promise<Attempt[]> {
  const shown: Attempt[] = [];
  for (const attempt of attempts) {
    const seal = mayBeSealedSince(attempt) ? await logs.sealOf(runId, attempt.number) : null;
    shown.push(seal === null ? attempt : { ...attempt, logLines: seal.lines, logGaps: seal.gaps });
  }
  return shown;
}

/** The answer of a start may have been lost together with its host. */
function mayBeSealedSince({ logLines, reason, containerId }: Attempt): boolean {
  return logLines === null && reason !== null && (containerId !== null || reason === 'host-lost');
}
