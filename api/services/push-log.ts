import type { WebSocket } from '@fastify/websocket';

import type { LogBegin, LogEnd } from '../../contract/http';
import { isLogHoleError, isLogRemovedError } from '../../store/errors';
import type { LogQuery } from '../../store/log-store';
import { lineToJson } from './log-formats';
import { openLines } from './open-lines';
import { describeLogEnd } from './read-log';
import type { Services } from './services';
import { CLOSE, drained, isOpen, keepAlive, MAX_BUFFERED_BYTES } from './socket-flow';

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
  if (!isOpen(socket)) return;
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const letGo = keepAlive(socket);
  try {
    await pushLines(services, socket, options, gone.signal);
  } catch (error) {
    const sentence = sentenceOf(error);
    socket.close(CLOSE.internalError, sentence ?? 'the log cannot be read; connect again and resume with "from"');
    if (sentence === null) throw error;
  } finally {
    letGo();
  }
}

/** Of what is no fault of ours; at most 123 bytes, as the protocol has it. Null for all else. */
function sentenceOf(error: unknown): string | null {
  if (isLogRemovedError(error)) return 'the log was removed while it was read; what came is not all of it';
  if (!isLogHoleError(error)) return null;
  return `lines ${error.first} to ${error.last} are gone with their files; resume with from=${error.last + 1}`;
}

async function pushLines(
  services: Services,
  socket: WebSocket,
  options: PushLogOptions,
  signal: AbortSignal,
): Promise<void> {
  const { runId, query } = options;
  const { lines, begin } = openLines(services, { ...options, signal });
  if (begin !== null && (query.tail !== undefined || query.since !== undefined)) {
    socket.send(JSON.stringify({ event: 'begin', from: await begin } satisfies LogBegin));
  }
  for await (const batch of lines) {
    for (const line of batch) {
      if (!isOpen(socket)) return;
      socket.send(lineToJson(line));
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES && !(await drained(socket))) {
        return socket.close(CLOSE.tryAgainLater, 'too slow; connect again and resume with "from"');
      }
    }
  }
  if (!isOpen(socket)) return;
  const end: LogEnd = { event: 'end', ...(await describeLogEnd(services, runId)) };
  socket.send(JSON.stringify(end));
  socket.close(CLOSE.ended, 'the end of the log');
}
