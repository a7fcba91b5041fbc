import type { WebSocket } from '@fastify/websocket';

import type { FeedMessage } from '../../contract/http';
import type { FeedEvent } from '../../store/run-store';
import type { EventFeed, FeedListener } from './event-feed';
import { CLOSE, drained, isOpen, keepAlive, MAX_BUFFERED_BYTES } from './socket-flow';

export interface PushOptions {
  after: number | undefined;
  /** Only the events of this run. */
  runId: string | undefined;
  maxBufferedBytes?: number;
}

/** Sends the feed to a socket until either end closes it; one that reads too slowly is dropped and can resume. */
export async function pushEvents(feed: EventFeed, socket: WebSocket, options: PushOptions): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const letGo = keepAlive(socket);
  try {
    await feed.listen(options.after, listenerOf(socket, options, gone), gone.signal);
  } catch (error) {
    socket.close(CLOSE.internalError, 'the feed failed; connect again and resume with "after"');
    throw error;
  } finally {
    letGo();
  }
}

/** @param gone aborted where the socket is sent nothing further, which may be long before it is closed. */
function listenerOf(socket: WebSocket, options: PushOptions, gone: AbortController): FeedListener {
  const { runId, maxBufferedBytes = MAX_BUFFERED_BYTES } = options;
  const drop = (): void => {
    socket.close(CLOSE.tryAgainLater, 'too slow; connect again and resume with "after"');
    gone.abort();
  };
  const send = (events: readonly FeedEvent[]): void => {
    if (!isOpen(socket)) return gone.abort();
    if (socket.bufferedAmount > maxBufferedBytes) return drop();
    for (const { position, event } of events) {
      if (runId === undefined || event.runId === runId) socket.send(messageOf(position, event));
    }
  };
  const ready = async (): Promise<void> => {
    if (!(await drained(socket, maxBufferedBytes))) drop();
  };
  return { send, ready };
}

function messageOf(position: number, event: FeedEvent['event']): string {
  return JSON.stringify({ position, ...event } satisfies FeedMessage);
}
