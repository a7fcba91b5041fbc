import { setTimeout as delay } from 'node:timers/promises';

import type { RunDetail } from '../contract/http';
import type { RunEvent } from '../contract/run';
import { isEndState } from '../contract/state';
import type { ApiClient } from './api-client';
import { runPath } from './find-run';
import { type OnAway, patiently } from './patience';

const LOOK_EVERY_MS = 300;

export interface RunSight {
  run: RunDetail;
  /** Events since the look before. */
  events: RunEvent[];
}

/** Looks at a run again and again until it has ended; each look brings the events since the one before. */
export async function* watchRun(
  api: ApiClient,
  runId: string,
  { signal, onAway }: { signal: AbortSignal; onAway: OnAway },
): AsyncIterable<RunSight> {
  let seen = 0;
  for (;;) {
    const sight = await patiently(() => look(api, runId, seen), { signal, onAway });
    seen = sight.events.at(-1)?.seq ?? seen;
    yield sight;
    if (isEndState(sight.run.state) || signal.aborted) return;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function look(api: ApiClient, runId: string, after: number): Promise<RunSight> {
  // The run first: an event that comes between the two is then shown early, and none is left out at the end.
  const run = await api.get<RunDetail>(runPath(runId));
  const { items } = await api.get<{ items: RunEvent[] }>(`${runPath(runId)}/events`, { after });
  return { run, events: items };
}
