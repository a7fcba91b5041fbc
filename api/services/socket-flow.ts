import { setTimeout as sleep } from 'node:timers/promises';

import type { WebSocket } from '@fastify/websocket';

/** How WebSockets are kept alive, and kept from filling the memory. */

/** A socket that leaves more than this unread is sent nothing further. */
export const MAX_BUFFERED_BYTES = 1_048_576;
export const CLOSE = { ended: 1000, internalError: 1011, tryAgainLater: 1013 } as const;

const PING_EVERY_MS = 20_000;
const DRAIN_CHECK_MS = 25;
/** How long a socket that is waited for may take nothing. */
const DRAIN_TIMEOUT_MS = 30_000;

/**
 * Whether a socket can still be sent to. One that is closing cannot, and may be for half a minute before it is closed: as long as
 * its other side takes nothing.
 */
export function isOpen(socket: WebSocket): boolean {
  return socket.readyState === socket.OPEN;
}

/**
 * Resolves when a socket has taken half of what it may leave unread, or is closing; false where it took nothing for too long.
 */
export async function drained(socket: WebSocket, maxBufferedBytes = MAX_BUFFERED_BYTES): Promise<boolean> {
  let least = socket.bufferedAmount;
  let deadlineMs = Date.now() + DRAIN_TIMEOUT_MS;
  while (isOpen(socket) && socket.bufferedAmount > maxBufferedBytes / 2) {
    if (socket.bufferedAmount < least) {
      least = socket.bufferedAmount;
      deadlineMs = Date.now() + DRAIN_TIMEOUT_MS;
    }
    if (Date.now() > deadlineMs) return false;
    await sleep(DRAIN_CHECK_MS);
  }
  return true;
}

/** Ends a socket whose other side is gone without a word; call the returned function when the socket is no longer needed. */
export function keepAlive(socket: WebSocket): () => void {
  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  const pinger = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS).unref();
  return () => clearInterval(pinger);
}
