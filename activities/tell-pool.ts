import type { PoolWord } from '../contract/pool-messages';
import type { PoolClient } from './pool-client';

/** Tells a pool what a run has to say to it and needs no answer to. */
export async function tellPool(pools: PoolClient, word: PoolWord): Promise<void> {
  const { pool, runId } = word;
  switch (word.kind) {
    case 'release':
      return pools.release(pool, { runId, claim: word.claim });
    case 'reprioritise':
      return pools.reprioritise(pool, { runId, priority: word.priority });
    case 'change-limit':
      return pools.changeLimit(pool, { runId, limitMs: word.limitMs });
    default:
      return word satisfies never;
  }
}
