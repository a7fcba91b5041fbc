import { setTimeout as sleep } from 'node:timers/promises';

import type { WebSocket } from '@fastify/websocket';

import type { FeedMessage } from '../../contract/http';
import type { FeedEvent } from '../../store/run-store';
import type { EventFeed, FeedListener } from './event-feed';

/** A socket that leaves more than this unread is dropped; it can come back and resume. */
const MAX_BUFFERED_BYTES = 1_048_576;
const PING_EVERY_MS = 20_000;
const DRAIN_CHECK_MS = 25;
/** How long a socket that is shown the past may take nothing. */
const DRAIN_TIMEOUT_MS = 30_000;

const CLOSE = { internalError: 1011, tryAgainLater: 1013 } as const;

export interface PushOptions {
  after: number | undefined;
  /** Only the events of this run. */
  runId: string | undefined;
  maxBufferedBytes?: number;
}

/** Sends the feed to a socket until either end closes it. */
export async function pushEvents(feed: EventFeed, socket: WebSocket, options: PushOptions): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const pinger = keepAlive(socket);
  try {
    await feed.listen(options.after, listenerOf(socket, options), gone.signal);
  } catch (error) {
    socket.close(CLOSE.internalError, 'the feed failed; connect again and resume with "after"');
    throw error;
  } finally {
    clearInterval(pinger);
  }
}

function listenerOf(socket: WebSocket, options: PushOptions): FeedListener {
  const { runId, maxBufferedBytes = MAX_BUFFERED_BYTES } = options;
  const drop = (): void => socket.close(CLOSE.tryAgainLater, 'too slow; connect again and resume with "after"');
  const send = (events: readonly FeedEvent[]): void => {
    if (socket.bufferedAmount > maxBufferedBytes) return drop();
    for (const { position, event } of events) {
      if (runId === undefined || event.runId === runId) socket.send(messageOf(position, event));
    }
  };
  const ready = async (): Promise<void> => {
    const deadline = Date.now() + DRAIN_TIMEOUT_MS;
    while (socket.readyState === socket.OPEN && socket.bufferedAmount > maxBufferedBytes / 2) {
      if (Date.now() > deadline) return drop();
      await sleep(DRAIN_CHECK_MS);
    }
  };
  return { send, ready };
}

function messageOf(position: number, event: FeedEvent['event']): string {
  return JSON.stringify({ position, ...event } satisfies FeedMessage);
}

/** Ends a socket whose other side is gone without a word. */
function keepAlive(socket: WebSocket): NodeJS.Timeout {
  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  return setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS).unref();
}
