import { setTimeout as delay } from 'node:timers/promises';

import type { Run } from '../contract/run';
import { isEndState } from '../contract/state';
import type { ApiClient, Query } from './api-client';
import { runPath } from './find-run';
import { type LogLine, logPath } from './log';
import { createPlace } from './log-place';
import { ASK_AGAIN_MS, createFollowPatience, isAway, type OnAway } from './patience';

export interface FollowLogOptions {
  /** Filters of the log, by their names in the API. */
  query: Query;
  signal: AbortSignal;
  onAway: OnAway;
}

/**
 * The lines of a run's log as they come, until the run has ended and all is read. A server that is lost on the way is
 * asked again for a minute, from the line after the last one that came, or from where the first answer began, so that none
 * is lost or doubled.
 */
export async function* followLog(
  api: ApiClient,
  runId: string,
  { query, signal, onAway }: FollowLogOptions,
): AsyncIterable<LogLine> {
  const place = createPlace(query);
  const patience = createFollowPatience(onAway);
  const opened = (head: Headers): void => {
    patience.opened();
    place.begin(head);
  };
  for (;;) {
    try {
      // A server that is being stopped ends its answers too: only what is read after the run's end is known to be all.
      const { state } = await api.get<Run>(runPath(runId));
      const wanted = { ...place.query(), follow: true };
      for await (const line of api.stream<LogLine>(logPath(runId), wanted, signal, opened)) {
        patience.gained();
        place.take(line);
        yield line;
      }
      patience.ended();
      if (isEndState(state)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isAway(error) || !patience.outlasts()) throw error;
      await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
