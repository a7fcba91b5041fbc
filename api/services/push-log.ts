import type { WebSocket } from '@fastify/websocket';

import type { LogEnd } from '../../contract/http';
import type { LogQuery } from '../../store/log-store';
import { lineToJson } from './log-formats';
import { describeLogEnd, linesOf } from './read-log';
import type { Services } from './services';
import { CLOSE, drained, keepAlive, MAX_BUFFERED_BYTES } from './socket-flow';

export interface PushLogOptions {
  runId: string;
  follow: boolean;
  query: LogQuery;
}

/**
 * Sends a log to a socket, line by line, until the run has ended and all is sent, or the client is gone. Nothing is read
 * ahead of what the socket takes: a slow reader waits for itself alone, and one that takes nothing is dropped.
 */
export async function pushLog(services: Services, socket: WebSocket, options: PushLogOptions): Promise<void> {
  // It may have gone while its run was looked for.
  if (socket.readyState !== socket.OPEN) return;
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const letGo = keepAlive(socket);
  try {
    await pushLines(services, socket, options, gone.signal);
  } catch (error) {
    socket.close(CLOSE.internalError, 'the log cannot be read; connect again and resume with "from"');
    throw error;
  } finally {
    letGo();
  }
}

async function pushLines(
  services: Services,
  socket: WebSocket,
  { runId, follow, query }: PushLogOptions,
  signal: AbortSignal,
): Promise<void> {
  for await (const lines of linesOf(services, { runId, follow, query: { ...query, signal }, signal })) {
    for (const line of lines) {
      socket.send(lineToJson(line));
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES && !(await drained(socket))) {
        return socket.close(CLOSE.tryAgainLater, 'too slow; connect again and resume with "from"');
      }
      if (signal.aborted) return;
    }
  }
  if (signal.aborted) return;
  const end: LogEnd = { event: 'end', ...(await describeLogEnd(services, runId)) };
  socket.send(JSON.stringify(end));
  socket.close(CLOSE.ended, 'the end of the log');
}
