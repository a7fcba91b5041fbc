import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FastifyBaseLogger } from 'fastify';

import type { FeedEvent, RunStore } from '../../store/run-store';

const BATCH = 500;
const POLL_MS = 150;
/** After a failure of the store. */
const RETRY_MS = 2_000;

/** Somebody who listens to the feed. */
export interface FeedListener {
  /** Takes events, and drops itself if it cannot: what comes now does not wait for it. */
  send(events: readonly FeedEvent[]): void;
  /** Resolves when it can take more; what is long past waits for that. */
  ready(): Promise<void>;
}

/**
 * Hands the events of all runs to whoever listens. However many listen, the store is asked once per round, and not at all
 * while nobody does.
 */
export interface EventFeed {
  /**
   * Hands on the events above position `after`, or, without one, those that come from now on, until `signal` is aborted.
   * Rejects where the store fails before the listener is level with the present.
   */
  listen(after: number | undefined, listener: FeedListener, signal: AbortSignal): Promise<void>;
}

export function createEventFeed(runStore: RunStore, logger: FastifyBaseLogger): EventFeed {
  const present = createPresent(runStore, logger);
  return {
    listen: async (after, listener, signal) => {
      const end = await runStore.feedEnd();
      let mine = Math.min(after ?? end, end);
      for (;;) {
        const events = await runStore.readFeed(mine, BATCH);
        if (signal.aborted) return;
        if (events.length === 0 && present.isLevel(mine)) return present.join(mine, listener, signal);
        listener.send(events);
        mine = events.at(-1)?.position ?? mine;
        await listener.ready();
      }
    },
  };
}

/**
 * The end of the feed, which one poller moves. A listener reads on by itself until it is level with that; the check and the
 * joining have no pause in between, so that it misses nothing and gets nothing twice.
 */
interface Present {
  /** Whether somebody who has everything up to a position, which is all there was just now, may join. */
  isLevel(position: number): boolean;
  /** Hands on what comes after a position, until `signal` is aborted. */
  join(after: number, listener: FeedListener, signal: AbortSignal): Promise<void>;
}

function createPresent(runStore: RunStore, logger: FastifyBaseLogger): Present {
  const live = new Set<FeedListener['send']>();
  let position = 0;
  let isPolling = false;

  const poll = async (): Promise<void> => {
    while (live.size > 0) await sleep(await step(), undefined, { ref: false });
    isPolling = false;
  };
  const step = async (): Promise<number> => {
    try {
      const events = await runStore.readFeed(position, BATCH);
      position = events.at(-1)?.position ?? position;
      for (const send of live) send(events);
      return events.length === BATCH ? 0 : POLL_MS;
    } catch (error) {
      logger.warn({ err: error }, 'the feed of events waits for the store');
      return RETRY_MS;
    }
  };
  const join: Present['join'] = async (after, listener, signal) => {
    const send = (events: readonly FeedEvent[]): void => {
      const fresh = events.filter((event) => event.position > after);
      if (fresh.length > 0) listener.send(fresh);
    };
    live.add(send);
    if (!isPolling) {
      position = after;
      isPolling = true;
      void poll();
    }
    await once(signal, 'abort');
    live.delete(send);
  };
  return { isLevel: (mine) => !isPolling || position <= mine, join };
}
