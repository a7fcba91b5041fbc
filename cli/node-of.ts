import { setTimeout as delay } from 'node:timers/promises';

import { countNodes, findNode, type NodeChoice } from '../contract/gang';
import type { RunDetail } from '../contract/http';
import { isEndState } from '../contract/state';
import type { ApiClient } from './api-client';
import { UsageError } from './errors';
import { runPath } from './find-run';
import { ASK_AGAIN_MS, type OnAway, patiently } from './patience';

/**
 * The id of the run that is a node of a gang.
 *
 * @param wait asks again until the gang has placed its nodes or has ended; null where that is not to be waited for.
 * @returns null where the signal was given meanwhile.
 * @throws {UsageError} where it has no such node.
 */
export async function nodeOf(
  api: ApiClient,
  gang: RunDetail,
  choice: NodeChoice,
  wait: { signal: AbortSignal; onAway: OnAway } | null,
): Promise<string | null> {
  for (let seen = gang; ;) {
    const node = findNode(seen, choice);
    if ('runId' in node) return node.runId;
    if ('fault' in node) throw new UsageError(`--node ${choice.rank} ${node.fault.message}.`);
    if (wait?.signal.aborted) return null;
    if (wait === null || isEndState(seen.state)) throw new UsageError(node.absent);
    await delay(ASK_AGAIN_MS, undefined, { signal: wait.signal }).catch(() => undefined);
    seen = await patiently(() => api.get<RunDetail>(runPath(gang.id)), wait);
  }
}

/** How the logs of the other nodes are seen; null for a run of one node. */
export function otherNodes(run: RunDetail): string | null {
  const count = countNodes(run);
  if (count === 1 || run.gangOf !== null) return null;
  const [which, node] = count === 2 ? ['the other', '1'] : ['another', `N, N from 1 to ${count - 1}`];
  return `This is node 0 of ${count}. The log of ${which}: trainyard logs ${run.id} --node ${node}.`;
}
